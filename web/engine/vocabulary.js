// A word as a set of classes, as core/data/words.py has it.

const MIN_RATIO = 0.8; // of words that are spelt alike

/**
 * The words that stand for some of these classes.
 *
 * @param {string[]} classes
 * @param {Record<"words" | "near", [number[], string[]][]> & { plurals: Record<string, string> }} file members of each
 *   noun, the classes nearest to nouns without any, and what takes the place of a plural's ending
 */
export function vocabulary(classes, { words, near, plurals }) {
  const table = (groups) => new Map(groups.flatMap(([members, nouns]) => nouns.map((noun) => [noun, members])));
  const [known, nearest] = [table(words), table(near)];
  const joined = new Map([...known].map(([noun, members]) => [noun.replaceAll(" ", ""), members]));
  const spelt = new Map();
  for (const word of [...classes, ...[...known.keys()].sort()]) {
    const key = plain(word).replaceAll(" ", "");
    if (!spelt.has(key)) spelt.set(key, word);
  }
  const all = [...spelt.values()];

  // The form in which a word is looked up, and the singulars that it may be the plural of.
  const forms = (word) => [
    word,
    word.replaceAll(" ", ""),
    ...Object.entries(plurals)
      .filter(([ending]) => word.endsWith(ending) && word.length > ending.length + 1)
      .map(([ending, instead]) => word.slice(0, -ending.length) + instead),
  ];
  const first = (word, look) => forms(word).map(look).find(Boolean);

  /** The indices of a word's classes; none for an unknown one. @param {string} text @returns {number[]} */
  function find(text) {
    const typed = text.trim().toLowerCase();
    const exact = classes.findIndex((name) => name.toLowerCase() === typed);
    return exact < 0 ? (first(plain(text), (form) => known.get(form) ?? joined.get(form)) ?? []) : [exact];
  }

  /** At most three words near an unknown one: by WordNet, its last part counting, else by spelling. */
  function neighbours(text) {
    const parts = plain(text).split(" ");
    for (let start = 0; start < parts.length; start++) {
      const listed = (form) => nearest.has(form) || (start && known.has(form));
      const form = forms(parts.slice(start).join(" ")).find(listed);
      if (form !== undefined) return namesWith(form, nearest.get(form) ?? known.get(form)).slice(0, 3);
    }
    return alike(plain(text), all);
  }

  // A name of each class, with the word in it if there is one, and of a single class up to two.
  function namesWith(word, members) {
    const each = members.map((member) => {
      const name = classes[member];
      const isOther = (other) => other !== name && other !== word && plain(other).split(" ").includes(word);
      const others = all.filter((other) => isOther(other) && String(find(other)) === String([member]));
      const withWord = [...(plain(name).includes(word) ? [name] : []), ...others];
      return withWord.length ? withWord : [name];
    });
    return each.length === 1 ? each[0].slice(0, 2) : [...new Set(each.map(([first]) => first))];
  }

  /** A word with what it stands for: "dog · 118 kinds", "lighthouse · beacon"; a class's name is itself. */
  function meaning(text) {
    const members = find(text);
    if (!members.length || classes.includes(text)) return text;
    const name = members.length > 1 ? `${members.length} kinds` : classes[members[0]];
    return name.toLowerCase() === text.toLowerCase() ? text : `${text} · ${name}`;
  }
  return { all, find, neighbours, meaning };
}

/**
 * A noun with its article, as `with_article` of core/shared/text.py has it.
 *
 * @param {string} noun @param {{ a: string[], an: string[], none: string[] }} articles of words; a: only those in s
 */
export function withArticle(noun, { a, an, none }) {
  const word = noun.toLowerCase();
  const isPlural = word.endsWith("s") && ![...a, ...an].includes(word); // of a known word
  return none.includes(word) || isPlural ? noun : `${an.includes(word) ? "an" : "a"} ${noun}`;
}

const plain = (text) => text.toLowerCase().replace(/[-_]/g, " ").trim().split(/\s+/).join(" ");

/** The three words most like a text, as Python's `difflib.get_close_matches` finds them. */
function alike(text, words) {
  const ratio = (word) => (2 * inCommon(word, text)) / (word.length + text.length);
  return words
    .filter((word) => 2 * Math.min(word.length, text.length) >= MIN_RATIO * (word.length + text.length))
    .map((word) => ({ word, ratio: ratio(word) }))
    .filter((row) => row.ratio >= MIN_RATIO)
    .sort((a, b) => b.ratio - a.ratio || (a.word < b.word ? 1 : -1))
    .slice(0, 3)
    .map((row) => row.word);
}

/** Characters of the longest common part of two texts and, in turn, of those before and behind it. */
function inCommon(a, b) {
  let [length, inA, inB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < b.length; j++) {
      let size = 0;
      while (i + size < a.length && a[i + size] === b[j + size]) size++;
      if (size > length) [length, inA, inB] = [size, i, j];
    }
  }
  if (!length) return 0;
  const before = inCommon(a.slice(0, inA), b.slice(0, inB));
  return before + length + inCommon(a.slice(inA + length), b.slice(inB + length));
}
