/**
 * Expressions within Google's 4,096 characters that a tenant of a project can write as a condition, and that would take all
 * memory, all time or all of the stack: attack-report of 2026-12-01, M4, and what is like them.
 */
const doubled = (seed: string, times: number): string => `${seed}${".map(x, x+x)".repeat(times)}`;
const sixty = "a".repeat(60);
const pairs = `[1]${".map(x, [x, x])".repeat(24)}`;

/** Those whose form is good: what they make is too much. */
export const celBombs: Readonly<Record<string, string>> = {
  "a list doubled 27 times": `${doubled("[[1]]", 27)}.size() > 0`,
  "a text doubled 26 times": `${doubled(`['${sixty}']`, 26)}.size() > 0`,
  "a list that || would forgive": `(${doubled("[[1]]", 27)}.size() > 0) || true`,
  "a list that exists() would forgive": `[1, 2].exists(i, ${doubled("[[1]]", 27)}.size() > 0 || i == 2)`,
  "pairs of pairs, compared": `${pairs}.all(x, x == x)`,
  "pairs of pairs, searched": `${pairs}.all(x, x in [x])`,
  "a text taken apart for each of its characters": `${doubled(`['${sixty}']`, 9)}.all(x, x.split('').all(y, x.split('').size() > 0))`,
  "a long text compared again and again": `${doubled(`['${sixty}']`, 10)}.all(x, [1,2,3,4].all(a, x <= x))`,
};

/** Those that are nested too deep. */
export const deepExpressions: Readonly<Record<string, string>> = {
  members: `assertion${".a".repeat(2000)} == 1`,
  indexes: `assertion${"['a']".repeat(800)} == 1`,
  sums: `'a'${"+'a'".repeat(1000)} == 'a'`,
  "operands of &&": `true${"&&true".repeat(680)}`,
  "members within indexes": `${`assertion${".a".repeat(30)}[`.repeat(55)}1${"]".repeat(55)} == 1`,
  brackets: `${"(".repeat(1000)}true${")".repeat(1000)}`,
  lists: `${"[".repeat(1000)}${"]".repeat(1000)} == []`,
};
