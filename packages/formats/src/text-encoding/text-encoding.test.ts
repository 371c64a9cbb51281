import { describe, expect, it } from 'vitest'
import { decodeCaptions } from './index.ts'

const cue = (text: string) => `1\n00:00:01,000 --> 00:00:02,000\n${text}\n`
const decoded = (bytes: Uint8Array, language?: string) => decodeCaptions(bytes, language)

/** Encoded by Python. */
describe('text in an encoding from before Unicode', () => {
  it.each([
    [
      'Windows-1252',
      'fr',
      'Très bien, où êtes-vous ? Ça n’a rien à voir.',
      '5472e873206269656e2c206ff920ea7465732d766f7573203f20c761206e9261207269656e20e020766f69722e',
    ],
    [
      'Windows-1252',
      'de',
      'Für dich wäre das schön, groß und heiß.',
      '46fc7220646963682077e472652064617320736368f66e2c2067726fdf20756e6420686569df2e',
    ],
    [
      'Windows-1252',
      'es',
      '¿Qué pasó mañana? ¡Adiós, señor!',
      'bf5175e920706173f3206d61f1616e613f20a1416469f3732c207365f16f7221',
    ],
    [
      'Windows-1252',
      'pt',
      'Não, você não está aí. É uma lição.',
      '4ee36f2c20766f63ea206ee36f20657374e12061ed2e20c920756d61206c69e7e36f2e',
    ],
    [
      'Windows-1252',
      'it',
      'Perché è così? Città più bella.',
      '5065726368e920e820636f73ec3f2043697474e0207069f92062656c6c612e',
    ],
    [
      'Windows-1252',
      'sv',
      'Vad är det för något på gatan?',
      '56616420e472206465742066f672206ee5676f742070e520676174616e3f',
    ],
    [
      'Windows-1252',
      'da',
      'Jeg er så glad, når øllet er på bordet og æblet.',
      '4a65672065722073e520676c61642c206ee57220f86c6c65742065722070e520626f72646574206f6720e6626c65742e',
    ],
    [
      'Windows-1252',
      'is',
      'Það er góður dagur, þú sérð ýmislegt.',
      'de61f02065722067f3f075722064616775722c20fefa2073e972f020fd6d69736c6567742e',
    ],
    [
      'Windows-1252',
      'nl',
      'Eén idee, reünie en coördinatie',
      '45e96e20696465652c207265fc6e696520656e20636ff67264696e61746965',
    ],
    ['Windows-1252', 'fi', 'Hyvää päivää, mitä kuuluu?', '487976e4e42070e46976e4e42c206d6974e4206b75756c75753f'],
    [
      'Windows-1252',
      'en',
      'It’s a café – “naïve” indeed…',
      '49749273206120636166e9209620936e61ef76659420696e6465656485',
    ],
    [
      'Windows-1250',
      'pl',
      'Zażółć gęślą jaźń, śpij już. Nie wiem, co się stało.',
      '5a61bff3b3e62067ea9c6cb9206a619ff12c209c70696a206a75bf2e204e6965207769656d2c20636f207369ea20737461b36f2e',
    ],
    [
      'Windows-1250',
      'cs',
      'Příliš žluťoučký kůň úpěl ďábelské ódy. Kde jsi byl včera?',
      '50f8ed6c699a209e6c759d6f75e86bfd206bf9f220fa70ec6c20efe162656c736be920f364792e204b6465206a73692062796c2076e86572613f',
    ],
    [
      'Windows-1250',
      'sk',
      'Ďakujem, čo si robil včera večer? Ľúbim ťa.',
      'cf616b756a656d2c20e86f20736920726f62696c2076e8657261207665e865723f20bcfa62696d209d612e',
    ],
    [
      'Windows-1250',
      'hu',
      'Árvíztűrő tükörfúrógép. Hol voltál tegnap? Nem tudom, ő is.',
      'c17276ed7a74fb72f52074fc6bf67266fa72f367e9702e20486f6c20766f6c74e16c207465676e61703f204e656d207475646f6d2c20f52069732e',
    ],
    [
      'Windows-1250',
      'ro',
      'Bună ziua, unde aţi fost? Îmi place şi mie.',
      '42756ee3207a6975612c20756e64652061fe6920666f73743f20ce6d6920706c61636520ba69206d69652e',
    ],
    [
      'Windows-1250',
      'hr',
      'Što radiš? Čekaj me, doći ću kući. Žao mi je.',
      '8a746f20726164699a3f20c8656b616a206d652c20646fe66920e675206b75e6692e208e616f206d69206a652e',
    ],
    [
      'Windows-1251',
      'ru',
      'Привет, как дела? Я не знаю, что делать.',
      'cff0e8e2e5f22c20eae0ea20e4e5ebe03f20df20ede520e7ede0fe2c20f7f2ee20e4e5ebe0f2fc2e',
    ],
    [
      'Windows-1251',
      'uk',
      'Привіт, як справи? Що ти робиш, їжак?',
      'cff0e8e2b3f22c20ffea20f1eff0e0e2e83f20d9ee20f2e820f0eee1e8f82c20bfe6e0ea3f',
    ],
    [
      'Windows-1251',
      'bg',
      'Здравей, как си? Какво правиш тук?',
      'c7e4f0e0e2e5e92c20eae0ea20f1e83f20cae0eae2ee20eff0e0e2e8f820f2f3ea3f',
    ],
    [
      'Windows-1251',
      'sr',
      'Здраво, како си? Шта радиш, љубави моја?',
      'c7e4f0e0e2ee2c20eae0eaee20f1e83f20d8f2e020f0e0e4e8f82c209af3e1e0e2e820eceebce03f',
    ],
    [
      'Windows-1253',
      'el',
      'Γεια σου, τι κάνεις; Δεν ξέρω τίποτα.',
      'c3e5e9e120f3eff52c20f4e920eadcede5e9f23b20c4e5ed20eeddf1f920f4dff0eff4e12e',
    ],
    [
      'Windows-1254',
      'tr',
      'Nasılsın? Çok iyiyim, teşekkür ederim. Işığı aç, İstanbul güneşi ğ.',
      '4e6173fd6c73fd6e3f20c76f6b2069796979696d2c207465fe656b6bfc722065646572696d2e2049fefdf0fd2061e72c20dd7374616e62756c2067fc6e65fe6920f02e',
    ],
    ['Windows-1255', 'he', 'שלום, מה שלומך? אני לא יודע.', 'f9ece5ed2c20eee420f9ece5eeea3f20e0f0e920ece020e9e5e3f22e'],
    [
      'Windows-1256',
      'ar',
      'مرحبا، كيف حالك؟ أنا لا أعرف شيئا.',
      'e3d1cdc8c7a120dfeddd20cdc7e1dfbf20c3e4c720e1c720c3dad1dd20d4edc6c72e',
    ],
    [
      'Windows-1256',
      'fa',
      'سلام، حال شما چطور است؟ من نمي دانم',
      'd3e1c7e3a120cdc7e120d4e3c7208dd8e6d120c7d3cabf20e3e420e4e3ed20cfc7e4e3',
    ],
    [
      'Windows-1257',
      'lt',
      'Labas, kaip sekasi? Aš nežinau, ką daryti šįvakar. Ačiū, važiuoju.',
      '4c616261732c206b6169702073656b6173693f2041f0206e65fe696e61752c206be02064617279746920f0e176616b61722e2041e869fb2c207661fe69756f6a752e',
    ],
    [
      'Windows-1257',
      'lv',
      'Sveiki, kā jums klājas? Es nezinu, ko darīt. Paldies, draugs ļoti.',
      '537665696b692c206be2206a756d73206b6ce26a61733f204573206e657a696e752c206b6f20646172ee742e2050616c646965732c2064726175677320ef6f74692e',
    ],
    [
      'Windows-1257',
      'et',
      'Tere, kuidas läheb? Ma ei tea, mida teha täna õhtul. Šokolaad.',
      '546572652c206b7569646173206ce46865623f204d61206569207465612c206d69646120746568612074e46e6120f56874756c2e20d06f6b6f6c6161642e',
    ],
    ['Windows-874', 'th', 'สวัสดีครับ คุณเป็นอย่างไรบ้าง', 'cac7d1cab4d5a4c3d1ba20a4d8b3e0bbe7b9cdc2e8d2a7e4c3bae9d2a7'],
    [
      'KOI8-R',
      'ru',
      'Привет, как дела? Я не знаю, что делать.',
      'f0d2c9d7c5d42c20cbc1cb20c4c5ccc13f20f120cec520dacec1c02c20ded4cf20c4c5ccc1d4d82e',
    ],
    [
      'IBM866',
      'ru',
      'Привет, как дела? Я не знаю, что делать.',
      '8fe0a8a2a5e22c20aaa0aa20a4a5aba03f209f20ada520a7ada0ee2c20e7e2ae20a4a5aba0e2ec2e',
    ],
    [
      'ISO-8859-2',
      'pl',
      'Zażółć gęślą jaźń, śpij już. Nie wiem, co się stało.',
      '5a61bff3b3e62067eab66cb1206a61bcf12c20b670696a206a75bf2e204e6965207769656d2c20636f207369ea20737461b36f2e',
    ],
    [
      'SHIFT_JIS',
      'ja',
      'こんにちは、元気ですか。私は学生です。',
      '82b182f182c982bf82cd81418cb38b4382c582b782a981428e8482cd8a7790b682c582b78142',
    ],
    [
      'EUC-JP',
      'ja',
      'こんにちは、元気ですか。私は学生です。',
      'a4b3a4f3a4cba4c1a4cfa1a2b8b5b5a4a4c7a4b9a4aba1a3bbe4a4cfb3d8c0b8a4c7a4b9a1a3',
    ],
    ['GB18030', 'zh', '你好，你在做什么？我不知道。', 'c4e3bac3a3acc4e3d4dad7f6cab2c3b4a3bfced2b2bbd6aab5c0a1a3'],
    ['BIG5', 'zh-TW', '你好，你在做什麼？我不知道。', 'a741a66ea141a741a662b0b5a4b0bbf2a148a7daa4a3aabeb944a143'],
    [
      'EUC-KR',
      'ko',
      '안녕하세요, 잘 지내요? 저는 모릅니다.',
      'bec8b3e7c7cfbcbcbfe42c20c0df20c1f6b3bbbfe43f20c0fab4c220b8f0b8a8b4cfb4d92e',
    ],
  ])('is recognised: %s, language %s', (encoding, language, text, hex) => {
    const bytes = Buffer.concat([Buffer.from(cue('Hello')), Buffer.from(hex, 'hex')])
    for (const declared of [language, 'en', undefined]) {
      const found = decoded(bytes, declared)
      expect(found?.text).toBe(`${cue('Hello')}${text}`)
      // Some have the same text in two encodings.
      if (declared === language) expect(found?.encoding).toBe(encoding)
    }
  })

  it.each([
    ['fr', 'Windows-1252', '54 72 e8 73', 'Très'],
    ['cs', 'Windows-1250', '54 72 e8 73', 'Trčs'],
    ['sk', 'Windows-1250', 'cf 61 6b 75 6a 65 6d', 'Ďakujem'],
    ['tr', 'Windows-1254', 'fe 65 79', 'şey'],
    ['is', 'Windows-1252', 'fe 65 79', 'þey'],
  ])('too short to be certain is in the language that it is declared in: %s', (language, encoding, hex, text) => {
    expect(decoded(Buffer.from(hex.replaceAll(' ', ''), 'hex'), language)).toEqual({ text, encoding })
  })
})

describe('Unicode', () => {
  const text = cue('Zażółć 日本 😀 <3')
  const le = Buffer.from(text, 'utf16le')
  const be = Buffer.from(le).swap16()

  it.each([
    ['UTF-8', Buffer.from(text)],
    ['UTF-8', Buffer.from(`\ufeff${text}`)],
    ['UTF-16LE', le],
    ['UTF-16LE', Buffer.concat([Buffer.from([0xff, 0xfe]), le])],
    ['UTF-16BE', be],
    ['UTF-16BE', Buffer.concat([Buffer.from([0xfe, 0xff]), be])],
  ])('%s is read, with NUL behind the end too', (encoding, bytes) => {
    for (const end of [[], [0], [0, 0], [0, 0, 0], [0x1a]]) {
      if (end[0] === 0x1a && encoding !== 'UTF-8') continue
      expect(decoded(Buffer.concat([bytes, Buffer.from(end)]), 'ru')).toEqual({ text, encoding })
    }
  })

  it.each([
    ['UTF-8 with a wrong byte among right ones', Buffer.concat([Buffer.from(text), Buffer.from([0xe9, 0x0a])])],
    ['half a character of UTF-16', le.subarray(0, -1)],
    ['half a pair of UTF-16', Buffer.concat([le, Buffer.from([0x3d, 0xd8])])],
    ['a file of other bytes', Buffer.from('0000001c66747970e9e9e9', 'hex')],
  ])('is not repaired where it would be shown wrong: %s', (_, bytes) => {
    expect(decoded(bytes)).toBeNull()
  })
})

it.each([
  ['one letter', Buffer.alloc(1024 * 1024, 0xe9)],
  ['every byte', Buffer.alloc(1024 * 1024, Buffer.from(Array.from({ length: 223 }, (_, index) => index + 0x20)))],
  ['NUL', Buffer.alloc(1024 * 1024)],
  ['arrows at odd offsets', Buffer.concat([Buffer.from('a'), Buffer.alloc(1024 * 1024 - 1, '2d002d003e00', 'hex')])],
])('a mebibyte of %s takes no longer than a moment', (_, bytes) => {
  const start = performance.now()
  decoded(bytes)
  expect(performance.now() - start).toBeLessThan(2000)
})
