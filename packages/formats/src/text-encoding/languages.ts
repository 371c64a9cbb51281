/**
 * How likely the characters outside ASCII are in a language, the frequent ones first. Text that is read in the wrong
 * encoding has characters that its language does not have, so a list needs no exact figures.
 */
export interface Language {
  /** Primary subtags of BCP 47. */
  tags: string[]
  /** Lower case. */
  letters: string
  /** Latin letters with accents stand between letters of ASCII; other scripts do not. */
  latin: boolean
  /** Characters that are written besides: each is one of this many. */
  others?: { script: RegExp; count: number }
}

const latin = (tags: string, letters: string): Language => ({ tags: tags.split(' '), letters, latin: true })
const other = (tags: string, letters: string): Language => ({ tags: tags.split(' '), letters, latin: false })

const WESTERN = [
  latin('en', 'éèñçöüàâïôê'),
  latin('de', 'üäöß'),
  latin('fr', 'éèàêçôâîûùïëœæÿ'),
  latin('es gl', 'óíáéñúü¿¡'),
  latin('pt', 'ãéçáêíóõúâôàü'),
  latin('it', 'èàòùéìî'),
  latin('nl af', 'ëéïóèöüáêí'),
  latin('sv fi', 'äöåé'),
  latin('da no nb nn', 'åøæéòôê'),
  latin('is fo', 'íáðéóþæúöý'),
  latin('ca', 'àéèíòóçúïü'),
  latin('et', 'äõüöšž'),
  latin('ga cy', 'áéíóúâêîôûŵŷ'),
]
const CENTRAL = [
  latin('pl', 'łęóążśćńź'),
  latin('cs', 'íáéěýžčřšůúťďňó'),
  latin('sk', 'áíéčýžšľúťňôďäóĺŕ'),
  latin('hu', 'áéöóőüíúű'),
  latin('ro mo', 'ăîâşţéșț'),
  latin('hr sl bs sr', 'čšžćđ'),
  latin('sq', 'ëç'),
]
const BALTIC = [latin('lt', 'ėšąžįųūčę'), latin('lv', 'āīšēūļžģņčķ'), latin('et', 'äõüöšž')]
const RUSSIAN = other('ru', 'оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё')
const UKRAINIAN = other('uk', 'оаиніврткелсумдпьяязбгчйхцїжюєшщфґ')
const CYRILLIC = [
  RUSSIAN,
  UKRAINIAN,
  other('be', 'анідуоцаклыяьеўрстшзгпчэбйёжхмвюф'),
  other('bg', 'аоеитнрсвлдкмпъзубягчцщжйшхфюьѝ'),
  other('sr mk', 'аоеинрсјтудвкмлпзгбчцжшхћђњљџфѓќѕ'),
]
const CHINESE = { script: /\p{Script=Han}/u, count: 5000 }
const SIMPLIFIED = {
  ...other('zh', '的一是不了我在人有他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之。，？！'),
  others: CHINESE,
}
const TRADITIONAL = {
  ...other('zh', '的一是不了我在人有他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之。，？！'),
  others: CHINESE,
}
const JAPANESE = {
  ...other(
    'ja',
    'のいんたてにをるしとはでかがなまーうれ、。っすこらもりあさくきンよどそだおえみわけスじトめろルリちイばせアシラ',
  ),
  others: { script: /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u, count: 5000 },
}
const KOREAN = {
  ...other('ko', '이다는을에가고하지의도은로어한사기를아나그라서게해인'),
  others: { script: /\p{Script=Hangul}/u, count: 2000 },
}

/** Encodings by their names for `TextDecoder`, and what is written in them. Of two that fit alike, the first is taken. */
export const ENCODINGS: readonly { name: string; languages: readonly Language[] }[] = [
  { name: 'windows-1252', languages: WESTERN },
  { name: 'windows-1250', languages: CENTRAL },
  { name: 'windows-1251', languages: CYRILLIC },
  { name: 'windows-1253', languages: [other('el', 'αοιετσνηυρπκμλςήίάόγέδχώθφύβξζψϊϋΐ')] },
  { name: 'windows-1254', languages: [latin('tr az', 'ıişğüöçâİ')] },
  { name: 'windows-1255', languages: [other('he yi', 'יוהלאתרמבשנעםדחקפצגכטזסןךףץ')] },
  {
    name: 'windows-1256',
    languages: [
      other('ar', 'اليمنترةبعدسكهفوقحجشصىطخءغذضزثأإئؤآظ،؟'),
      other('fa ur', 'ايرندمهتوبسشکلزفگعخقجآحچپصطضغثذظژئ،؟'),
    ],
  },
  { name: 'windows-1257', languages: BALTIC },
  {
    name: 'windows-1258',
    languages: [latin('vi', 'đôươăâê\u0301\u0300\u0309\u0303\u0323áàéèíóòúùã')],
  },
  {
    name: 'windows-874',
    languages: [
      other(
        'th',
        'านรอกเงมยลวดทสตะปบคหแจพชขใไโผถศธซญณฟฉภษฐ\u0e48\u0e49\u0e31\u0e35\u0e34\u0e37\u0e38\u0e39\u0e47\u0e33',
      ),
    ],
  },
  { name: 'iso-8859-2', languages: CENTRAL },
  { name: 'koi8-r', languages: [RUSSIAN] },
  { name: 'koi8-u', languages: [UKRAINIAN] },
  { name: 'ibm866', languages: [RUSSIAN] },
  { name: 'shift_jis', languages: [JAPANESE] },
  { name: 'euc-jp', languages: [JAPANESE] },
  { name: 'gb18030', languages: [SIMPLIFIED] },
  { name: 'big5', languages: [TRADITIONAL] },
  { name: 'euc-kr', languages: [KOREAN] },
]
