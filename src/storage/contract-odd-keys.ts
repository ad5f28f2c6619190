// Keys that have broken stores: each is to be kept apart from all others, byte for byte.

const utf8 = (text: string) => new TextEncoder().encode(text).length
/** Exactly so many bytes, of a character that has two. */
const exactly = (bytes: number, end = '') =>
  'é'.repeat((bytes - utf8(end)) >> 1) + 'x'.repeat((bytes - utf8(end)) & 1) + end

/** By what is odd about them; all of one kind can be in one store at a time. */
// biome-ignore format: a table to be seen at a glance
export const ODD_KEYS: Record<string, string[]> = {
  'spaces and punctuation': [
    ' leading.jpg', 'trailing ', 'a b.jpg', 'a  b.jpg', ' ', 'a b+c,ü.jpg', 'a+b.jpg', 'a%20b.jpg', 'a%2Fb.jpg', 'a%2fb.jpg',
    '100%.jpg', '100%25.jpg', '%', '%%', '%-', '%+', 'x%+', '%+x', '%00', '%2F', '%2E%2E', '%252F', '%C3%A9', '%zz', 'a,b;c.jpg',
    "it's.jpg", 'a"b.jpg', 'a`b.jpg', 'a&b=c?d#e.jpg', '#fragment', '?query', 'a@b!c$d^e(f)[g]{h}.jpg', '~', '~user', 'a~1.jpg',
    '$HOME', '$(id)', '`id`', '-rf', '--', 'a|b', 'a<b>c', 'a*b', 'a:b', 'x.jpg:stream', 'C:', 'C:\\Windows\\x', 'a\\b', '\\', '*', '!',
  ],
  'dots and slashes': [
    '../escape', '../../../../../../tmp/escape', 'up/../down', 'here/./there', '..\\escape', './dot', '.hidden', '..hidden', 'dot.', 'dot..',
    '.hidden-too/.deep/.jpg', 'dot.jpg.', '/absolute', '//double', 'in//side', 'trailing/', 'trailing2//', 'folder/x/', 'etc/../../passwd',
    '.thumbsmith-store/lock', '.Thumbsmith-Store/tmp/x', 'x/.thumbsmith-store/y', '.git/config',
  ],
  'nothing but dots and slashes': ['..', '.', '/', '...', '.thumbsmith-store'],
  'control characters': ['a\nb', 'a\r\nb', 'a\tb', '\x01', 'a\x1fb', 'a\x7fb', 'a\x85b', '\x1b[31mred', 'a\u2028b', 'a\ufeffb'],
  'other scripts': [
    'ünïcödé.jpg', '日本語/写真.jpg', '한국어.png', 'العربية.jpg', 'עברית.jpg', 'हिन्दी.jpg', '🦀.png', '👨‍👩‍👧‍👦/🏳️‍🌈.jpg', '\u202egpj.exe', '\u200b',
    'a\u200db', '\u{10ffff}', '\uffee', '\ufffd', '\ue000', '\uffff', 'ﬁ.jpg', '．．/x', '／', 'ｃｏｎ',
  ],
  'device names of Windows': [
    'con', 'CON.jpg', 'nul', 'nul.tar.gz', 'aux.jpg', 'prn', 'com1', 'com¹.jpg', 'LPT9.png', 'a/con/b', 'conin$', 'console', 'THUMBS~1', 'con .jpg',
  ],
  'names that JavaScript knows': [
    '__proto__', 'constructor', 'prototype/x', 'toString', 'hasOwnProperty', 'undefined', 'null', '0', 'true', '[object Object]',
  ],
  'great lengths': [
    exactly(1024), `${'d/'.repeat(511)}xy`, '/'.repeat(1024), '?'.repeat(1024), 'x'.repeat(255), 'y'.repeat(256), exactly(255, '.jpg'),
    exactly(256, '.jpg'), `${'z'.repeat(240)}%+`, `${'z'.repeat(256)}/inside`, `${'w'.repeat(250)}.`, '%25'.repeat(300), '\x01/'.repeat(500),
    `${'🦀'.repeat(64)}.jpg`, `${exactly(500)}/${exactly(500)}`,
  ],
}

/** Keys that some file systems take for one: kept apart, or the second refused as `key.conflict`. */
export const TWINS: [string, string][] = [
  ['Case.jpg', 'case.jpg'],
  ['Folder/one', 'folder/two'],
  ['caf\u00e9.jpg', 'cafe\u0301.jpg'],
  ['\u212bngstrom', '\u00c5ngstrom'],
  ['stra\u00dfe', 'STRASSE'],
]

/** Keys that no store takes: `key.invalid`. */
export const REFUSED_KEYS = ['', 'a\0b', '\0', 'x'.repeat(1025), exactly(1026), 'a\ud800b', '\udc00']

/** Where the order of bytes, of UTF-16 and of a tree of folders differ. */
// biome-ignore format: a table to be seen at a glance
export const LISTED = [
  'b', 'a-b', 'a/b', 'a/b-c/d', 'a/b!', 'a/bc', 'a0', 'a.jpg', 'A', 'é', 'z', '\uffee', '😀', '\ue000/x', '😁/deep/x', 'c/', 'c/y',
  'many/1', 'many/10', 'many/2', 'many/3', 'many/4', 'many/5', 'many/6', 'uploads/1/x/y.jpg', 'uploads/2/x/y.jpg', 'uploads/3/x/y.jpg',
  `${'l'.repeat(300)}1`, `${'l'.repeat(300)}2/x`, `${'l'.repeat(240)}z`, 'l', 'lm',
]

// biome-ignore format: a table to be seen at a glance
export const PREFIXES = [
  '', 'a', 'a/', 'a/b', 'a/b-', 'many/', 'many/1', 'uploads/3/x', 'uploads/3/x/y.jpg', 'l', 'l'.repeat(301), 'c/', 'c//', '😁', 'nowhere/', '/',
  '\0', '\ud800', 'x'.repeat(2000),
]

// biome-ignore format: a table to be seen at a glance
export const AFTERS = [
  '', 'a', 'a/b', 'a/', 'a/b/zzz', 'many/5', 'many/', 'many0', 'uploads/3/x/y.jpg', 'uploads/2/zzz', '\uffee', '😁/deep', 'l'.repeat(260), 'zzzz',
]
