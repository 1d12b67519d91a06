/** A word of a command line as a POSIX shell takes it (POSIX.1-2017, Shell Command Language §2.2.2). */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
