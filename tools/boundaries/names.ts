/** Names that a source must not have, by the room or the file that it stands in; comments and texts do not count. */
import { federated } from "../rooms.ts";

/** A member of a global, `Date.now` or `Date["now"]`; all of it where it gets another name or is taken apart. */
const globalMember = (global: string, members: string): string =>
  `\\b${global}(?:\\??\\.(?:${members})\\b|(?:\\?\\.)?\\[)|[=(]\\s*${global}\\s*[;,)]`;

/** What a pure folder must be given: the time, chance, and all that waits or speaks. */
const impureName = new RegExp(
  [
    "\\b(?:systemClock|globalThis|getRandomValues|random(?:Bytes|UUID|Int|Fill)\\w*|generateKey\\w*)\\b",
    "\\b(?:performance|process|console)\\b\\s*(?:[.[;,)]|\\?\\.)",
    "\\b(?:setTimeout|setInterval|setImmediate|queueMicrotask|fetch)\\b\\s*[(;,)]",
    globalMember("Date", "now"),
    globalMember("Math", "random"),
    globalMember("AbortSignal", "timeout"),
    globalMember("Temporal", "Now"),
    "\\bnew Date(?!\\w|\\(\\s*[^\\s)])",
    "(?<!new |\\.)\\bDate\\(",
  ].join("|"),
  "u",
);

/** A relying party's name, and the same as a text. */
const partyName = `(?:${federated.join("|")})`;
const party = `"${partyName}"`;
/** What stands where a relying party's own folder should: a comparison with its name, or a choice by what it alone has. */
const asksForParty = new RegExp(
  [
    `[=!]==?\\s*${party}`,
    `${party}\\s*(?:[=!]==?|in\\b)`,
    `case ${party}:`,
    `\\.(?:includes|has|indexOf|startsWith)\\(\\s*${party}`,
    `${party}(?:, "\\w+")*\\]\\.(?:includes|some|find|indexOf)\\(`,
    `\\b${partyName}(?:\\.length)?\\s*(?:[=!]==?|[<>]|&&|\\|\\||\\?\\?|\\?(?![.:?]))`,
    `if \\(!?(?:\\w+\\.)*${partyName}(?:\\.length)?\\)`,
  ].join("|"),
  "u",
);

/** What a pure room's source names and must be given; undefined where it names nothing of the kind. */
export function impurity(source: string): string | undefined {
  return impureName.exec(code(source))?.[0].trim();
}

/** Where a source asks for a relying party by its name; undefined where it does not. */
export function partyAskedFor(source: string): string | undefined {
  return asksForParty.exec(withoutComments(source))?.[0];
}

/** A source without what is written for people: comments and texts. */
function code(source: string): string {
  return source.replaceAll(/\/\*[^]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"/gu, "");
}

/** A source without its comments, and of its texts only those that are one word: `"azure"`. */
function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[^]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"/gu, (text) =>
    /^"\w+"$/u.test(text) ? text : "",
  );
}
