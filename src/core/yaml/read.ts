import { Composer, CST, type Document, isCollection, isNode, Lexer, LineCounter, Parser, visit } from "yaml";
import type { Position, YamlBounds, YamlProblem, YamlStreamBounds } from "./bounds.ts";
import { keyOf, Positions, type YamlPath } from "./positions.ts";

// A file has a handful of anchors at most; more is an attack on the reader.
const maxAliases = 100;

// What aliases refer to counts again wherever they stand.
const maxValues = 200_000;

/** A YAML file that was read: its plain values, and where each of them stands. */
export interface YamlDocument {
  readonly value: unknown;
  /** Where the value at a path stands, or the nearest thing above it that exists. */
  positionOf(path: YamlPath): Position;
  /** Where a key itself stands, as opposed to its value. */
  positionOfKey(path: YamlPath): Position;
}

/** What does not fit the bounds, and where in the text it was met. */
class BoundError extends Error {
  readonly offset: number;

  constructor(message: string, offset = 0) {
    super(message);
    this.offset = offset;
  }
}

const tooDeep = (depth: number): string => `is nested more than ${depth} levels deep`;

/**
 * The concrete syntax, token by token, so that a bound ends the reading where it is passed: the rest of the text is
 * not looked at.
 */
function* syntaxOf(text: string, bounds: YamlBounds, lines: LineCounter): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine);
  // The parser reports every line but the first.
  lines.addNewLine(0);
  let tokens = 0;
  let aliases = 0;
  let before = "";
  for (const lexeme of new Lexer().lex(text)) {
    tokens += 1;
    // What comes after this mark is text, whatever it begins with.
    if (before !== CST.SCALAR && lexeme.startsWith("*")) aliases += 1;
    before = lexeme;
    if (tokens > bounds.tokens)
      throw new BoundError(`has more than ${bounds.tokens} keys, values and marks`, parser.offset);
    if (aliases > maxAliases)
      throw new BoundError(`refers to anchors by more than ${maxAliases} aliases`, parser.offset);
    const { offset } = parser;
    yield* parser.next(lexeme);
    // The document itself stands at the bottom.
    if (parser.stack.length - 1 > bounds.depth) throw new BoundError(tooDeep(bounds.depth), offset);
  }
  yield* parser.end();
}

/**
 * Keys that stand twice in a mapping, and keys that are no plain values. The parser's own search for the former takes
 * the square of their number.
 */
function keyProblems(document: Document): readonly { readonly message: string; readonly offset: number }[] {
  const found: { message: string; offset: number }[] = [];
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<string>();
      for (const pair of items) {
        const offset = isNode(pair.key) ? (pair.key.range?.[0] ?? 0) : 0;
        if (isCollection(pair.key)) found.push({ message: "has a list or a mapping as a key", offset });
        const key = keyOf(pair);
        if (seen.has(key)) found.push({ message: "has a key twice: keys must be unique", offset });
        seen.add(key);
      }
    },
  });
  return found;
}

/**
 * Counts the plain data of all documents, as often as it is referred to. Throws for what is too much, too deep, or contains
 * itself.
 */
function checkValues(roots: readonly unknown[], depth: number): void {
  let values = 0;
  const walk = (value: unknown, level: number): void => {
    values += 1;
    if (values > maxValues)
      throw new BoundError(`has more than ${maxValues} values once its aliases are followed`);
    if (typeof value !== "object" || value === null) return;
    if (level > depth) throw new BoundError(tooDeep(depth));
    for (const inner of Object.values(value)) walk(inner, level + 1);
  };
  for (const root of roots) walk(root, 1);
}

const tooMany = (documents: number): string =>
  documents === 1 ? "holds multiple documents" : `holds more than ${documents} documents`;

function composed(text: string, bounds: YamlStreamBounds, lines: LineCounter): readonly Document[] {
  // What it would warn of on standard error is reported as a problem, or is none.
  const options = { prettyErrors: false, uniqueKeys: false, version: "1.2", logLevel: "silent" } as const;
  const documents: Document[] = [];
  const composer = new Composer(options);
  // Asked for one by one, so that the text after the first that is too many is not read.
  for (const document of composer.compose(syntaxOf(text, bounds, lines), true, text.length)) {
    if (documents.length === bounds.documents)
      throw new BoundError(tooMany(bounds.documents), document.range[0]);
    documents.push(document);
  }
  return documents;
}

/**
 * Reads all YAML 1.2 documents of a text; an empty text holds one, of null. Gives either the documents or everything that
 * is wrong with their syntax; what is over a bound is the one thing that is reported then. Time and memory are bounded by
 * `bounds`, whatever the text.
 */
export function readYamlStream(
  text: string,
  bounds: YamlStreamBounds,
): { readonly documents: readonly YamlDocument[] } | { readonly problems: readonly YamlProblem[] } {
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const problem = (message: string, offset: number): YamlProblem => ({ ...at(offset), message });
  try {
    if (Buffer.byteLength(text) > bounds.bytes) throw new BoundError(`is larger than ${bounds.bytes} bytes`);
    const documents = composed(text, bounds, lines);
    const wrong = documents.flatMap((document) => {
      const errors = document.errors.map(({ message, pos }) => ({ message, offset: pos[0] }));
      return errors.length > 0 ? errors : keyProblems(document);
    });
    if (wrong.length > 0) return { problems: wrong.map(({ message, offset }) => problem(message, offset)) };
    const values = documents.map((document): unknown => document.toJS({ maxAliasCount: maxAliases }));
    checkValues(values, bounds.depth);
    return {
      documents: documents.map((document, index) => {
        const positions = new Positions(document);
        return {
          value: values[index],
          positionOf: (path) => at(positions.offsetOf(path)),
          positionOfKey: (path) => at(positions.offsetOfKey(path) ?? positions.offsetOf(path)),
        };
      }),
    };
  } catch (error) {
    if (error instanceof BoundError)
      return { problems: [{ ...problem(error.message, error.offset), bound: true }] };
    // Aliases that multiply, or that lead to nothing: the composer throws for them, with a sentence of its own.
    if (error instanceof ReferenceError) return { problems: [problem(error.message, 0)] };
    throw error;
  }
}

/** Reads one YAML 1.2 document, as `readYamlStream` does; a second one is over a bound. */
export function readYaml(
  text: string,
  bounds: YamlBounds,
): YamlDocument | { readonly problems: readonly YamlProblem[] } {
  const read = readYamlStream(text, { ...bounds, documents: 1 });
  if ("problems" in read) return read;
  const [document] = read.documents;
  if (document === undefined) throw new TypeError("the composer gives a document for every text");
  return document;
}
