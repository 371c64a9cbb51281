/** Lower case, eight characters and more: the head of every list that attackers try first. */
const LIST = `
  !@#$%^&* !qaz2wsx 00000000 0000000000 0123456789 0987654321 10101010 11111111 111111111 1111111111 11112222
  11223344 1122334455 12121212 123123123 123123456 123321123 12341234 12344321 1234554321 123456123 123456654321
  12345678 123456789 1234567890 12345678910 123456789a 1234567a 1234567q 123456abc 12345qwert 1234abcd 1234qwer
  123654789 123qweasd 13131313 147258369 147852369 159753456 19871987 19901990 1q2w3e4r 1q2w3e4r5t 1qaz2wsx
  1qaz2wsx3edc 1qazxsw2 1qw23er4 20202020 22222222 456789123 55555555 66666666 69696969 741852963 77777777 789456123
  88888888 88888888a 987654321 9876543210 987654321a 99999999 a12345678 a123456789 a1b2c3d4 a1b2c3d4e5 aa123456
  aa12345678 abc12345 abc123456 abc123abc abcd1234 abcdefg1 abcdefgh abcdefghi access14 admin123 admin1234
  admin12345 adminadmin administrator alexander alexandra android1 anthony1 arsenal1 asd123asd asdf1234 asdf;lkj
  asdfasdf asdfghjk asdfghjkl ashley12 autumn2024 autumn2025 azerty123 azertyuiop barcelona barcelona1 baseball
  baseball1 basketball batman123 benjamin blessed1 blink182 butterfly changeit changeme changeme1 changeme123
  charlie1 cheese12 chelsea1 chocolate chocolate1 christian christopher cocacola computer computer1 contraseña
  cookie12 correcthorsebatterystaple corvette crystal1 cupcake1 daniel12 december default1 demo1234 diamond1
  diamonds dragon12 dragon123 elizabeth facebook facebook1 february ferrari1 flower12 football football1 forever1
  forever21 freedom1 gangster goodluck google123 guest123 harley12 heaven12 hello123 hello1234 hellohello helloworld
  hollywood hunter12 hunter123 ihateyou iloveyou iloveyou1 iloveyou123 iloveyou2 instagram internet internet1
  iphone12 january1 jennifer jennifer1 jessica1 jesus123 jesuschrist jordan23 juventus killer123 kinora123
  kinorakinora letmein1 letmein12 letmein123 letmeinnow lightning linkedin1 liverpool liverpool1 lovelove loveyou1
  manchester master12 master123 matthew1 mercedes metallica michael1 michelle michelle1 microsoft midnight midnight1
  minecraft minecraft1 monkey12 monkey123 moonlight motdepasse mustang1 mypassword newpassword nicholas nintendo
  nirvana1 nopassword november opensesame p@ssw0rd p@ssw0rd1 p@ssword pa$$word pa55word pass1234 pass12345 passpass
  passw0rd password password! password01 password1 password1! password12 password123 password123! password1234
  password12345 password2 password3 password99 passwort passwort1 patricia phoenix1 pineapple playstation pokemon1
  pokemon123 popstar1 porsche1 princess princess1 q123456789 q1w2e3r4 q1w2e3r4t5 qazwsx123 qazwsxedc qweasd123
  qweasdzxc qwer1234 qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456 qwertyui qwertyuiop qwertyuiop123
  qwertzuiop rainbow1 realmadrid rockstar rockstar1 root1234 rootroot samantha samsung1 samsung123 scooter1 secret12
  secret123 security security1 september shadow12 shadow123 slipknot snoopy12 spiderman spring2024 spring2025
  starlight starwars starwars1 stephanie strawberry summer12 summer123 summer2024 summer2025 sunshine sunshine1
  superman superman1 superuser test1234 test12345 testing1 testing123 testtest thomas12 thunder1 toor1234 topsecret
  trustno1 trustno11 user1234 username veronica victoria videovideo wachtwoord welcome1 welcome1! welcome12
  welcome123 welcome2024 welcome2025 whatever whatever1 windows1 windows10 winter12 winter123 winter2024 winter2025
  yamaha12 yourpassword youtube1 zaq12wsx zaq1zaq1 zxcvbnm1 zxcvbnm123
`

/** Shorter words that people lengthen with digits and signs. */
const WORDS = `
  abcdef access adidas admin albert alexis amanda america amigos andrea andrew angela angels animal anthony apples
  arsenal arthur ashley august austin autumn azerty babygirl bailey banana bandit barney batman beauty beaver
  berlin bigdaddy bigdog billy biteme blessed blonde bonnie booboo boomer boston brandon brandy braves broncos brother
  bubbles buddha buster butter buttercup calvin camaro cameron canada carlos carmen carter casper celtic champion
  charles charlie cheese chelsea cherry chester chicago chicken chocolat claude coffee compaq connor cookie cooper
  copper corona cowboy cowboys crystal dakota dallas daniel danielle darkness debbie dennis denver destiny diablo
  diamond dolphin dolphins donald dragon dreams eagles edward einstein eminem england enigma estrella ferrari fisher
  flower flowers football forever france frankie freddy freedom friend friends froggy garfield gateway gemini
  george ginger golden golfer google gordon guitar gunner hammer hannah harley heather heaven hello helpme hockey
  holiday honda hotmail hunter iceman iloveu isabella jackie jackson jaguar jasmine jasper jeremy jessica joanna
  jonathan jordan joseph joshua junior justin karina kitten knight ladies lakers lauren legend leslie letmein little
  london lovely lovers lucky madison maggie marina marine marlboro martin martina marvin master matrix matthew
  maverick melissa member merlin miguel miller monday monica monkey monster morgan mother mustang nascar natalie
  nathan nicole ninja nissan oliver orange packers panther parker passion patrick peanut pepper peter player please
  pokemon police porsche prince princesa purple qazwsx qwerty rabbit rachel raiders rainbow ranger rangers
  rebecca richard robert rocket sammy sandra scooby scooter scorpion secret senha sergey shadow shannon silver simple
  smokey snoopy soccer sophie spider spring startrek steelers steven summer sunday superstar sweety sydney taylor
  teresa test thomas thunder tigers tigger tinker toyota travis trouble tucker turtle united vampire vanessa victor
  viking voyager wachtwoord walter warrior welcome whatever william willow wilson winner winston winter wizard xavier
  yankees yellow zxcvbn zxcvbnm
`

export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(LIST.trim().split(/\s+/))

/** What is left of those when digits and signs are taken off both ends, and the words: `summer`, `p@ssw0rd`. */
const STEMS: ReadonlySet<string> = new Set([...WORDS.trim().split(/\s+/), ...[...COMMON_PASSWORDS].map(stemOf)])
/** So many more are no longer guessed along with the word. */
const MAX_ADDED = 6

/** Takes lower case. Is it a common password, or a common word with a few digits and signs around it? */
export function isCommonPassword(password: string): boolean {
  if (COMMON_PASSWORDS.has(password)) return true
  const stem = stemOf(password)
  return stem !== '' && password.length - stem.length <= MAX_ADDED && STEMS.has(stem)
}

function stemOf(password: string): string {
  return password.replace(/^\P{L}+|\P{L}+$/gu, '')
}
