/** A file of a unit of systemd. */
export interface UnitText {
  readonly path: string;
  readonly text: string;
}

/** The line of a unit's file that is put before ExecStart once words were taken out of it; the next install takes it away. */
const movedNote =
  "# podtrust moved the issuer's flags into config.yaml.d of /etc/rancher: the line that installs this server has to leave them out.";

/** Whether words were taken out of one of these files, and no install wrote it anew since. */
export const isMoved = (texts: readonly UnitText[]): boolean =>
  texts.some(({ text }) => text.includes(movedNote));

/** One word of ExecStart: where it begins and ends in the text, and its value. */
interface Word {
  readonly from: number;
  readonly to: number;
  readonly value: string;
}

interface ExecStart {
  /** Where its line begins. */
  readonly from: number;
  readonly words: readonly Word[];
}

// A word that is quoted whole, or not at all; between two stand blanks and the ends of lines that go on.
const wordPattern = /(?:\\\n|[ \t])*(?:'([^'\\\n]*)'|"([^"\\\n]*)"|([^\s'"\\]+))(?=[ \t\n]|$)/uy;
const restPattern = /(?:\\\n|[ \t])*(?:\n|$)/uy;

/**
 * The words of the last ExecStart of a file: each bare or quoted whole, over lines that end with a backslash, as k3s' install.sh and
 * people write it (systemd.syntax(7)). Undefined where there is none, and for any other form, which is not taken apart.
 */
function execStart(text: string): ExecStart | undefined {
  const begin = [...text.matchAll(/^ExecStart=(?=[^\n])/gmu)].at(-1);
  if (begin === undefined) return undefined;
  const words: Word[] = [];
  let at = begin.index + begin[0].length;
  for (;;) {
    restPattern.lastIndex = at;
    if (restPattern.test(text)) return { from: begin.index, words };
    wordPattern.lastIndex = at;
    const found = wordPattern.exec(text);
    if (found === null) return undefined;
    const [whole, single, double, bare = ""] = found;
    const value = single ?? double ?? bare;
    const written = single === undefined && double === undefined ? value.length : value.length + 2;
    const to = at + whole.length;
    // A percent sign that stands for itself is written twice.
    words.push({ from: to - written, to, value: value.replaceAll("%%", "%") });
    at = to;
  }
}

/** The command that a unit's file starts; undefined where it starts none, or is of another form. */
export function commandIn(text: string): readonly string[] | undefined {
  return execStart(text)?.words.map(({ value }) => value);
}

/** The file whose ExecStart counts: the last that has one. */
export const startingFile = (texts: readonly UnitText[]): UnitText | undefined =>
  texts.findLast(({ text }) => /^ExecStart=[^\n]/mu.test(text));

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((word, at) => word === b[at]);

/**
 * The file of a unit that starts its command, without the words at these places, each with the blank before it; the rest of the file
 * stays byte for byte, with a note. `command`: the same words as systemd has them. Undefined where no file says exactly these.
 */
export function withoutWords(
  texts: readonly UnitText[],
  command: readonly string[],
  gone: ReadonlySet<number>,
): UnitText | undefined {
  const file = startingFile(texts);
  const found = file === undefined ? undefined : execStart(file.text);
  if (file === undefined || found === undefined) return undefined;
  const { from, words } = found;
  const values = words.map(({ value }) => value);
  if (!isSame(values, command)) return undefined;
  const note = isMoved([file]) ? "" : `${movedNote}\n`;
  let [text, at] = [`${file.text.slice(0, from)}${note}`, from];
  for (const [place, { to }] of words.entries()) {
    if (!gone.has(place)) text += file.text.slice(at, to);
    at = to;
  }
  return { path: file.path, text: text + file.text.slice(at) };
}
