import { isAlias, isMap, isNode, isPair, isSeq, LineCounter, parseDocument, type Pair } from "yaml";
import type { ConfigProblem, KeyPath } from "./mistakes/problem.ts";

/** A file larger than this is not one of ours, in bytes. */
export const largestConfig: number = 256 * 1024;

// A config has a handful of anchors at most; more is an attack on the reader.
const mostAliases = 100;

// Deeper than any key of ours, shallow enough for the parser's recursion.
const deepest = 40;

/** A position in a file, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A parsed YAML file: its plain values, and where each of them stands. */
export interface ConfigDocument {
  readonly value: unknown;
  /** Where the value at a path stands, or the nearest thing above it that exists. */
  positionOf(path: KeyPath): Position;
  /** Where a key itself stands, as opposed to its value. */
  positionOfKey(path: KeyPath): Position;
}

function pairOf(node: unknown, key: string | number): Pair | undefined {
  if (!isMap(node)) return undefined;
  return node.items.find((item) => {
    const name: unknown = isNode(item.key) ? item.key.toJSON() : item.key;
    return String(name) === String(key);
  });
}

function childOf(node: unknown, key: string | number): unknown {
  if (isSeq(node)) return node.items[Number(key)];
  return pairOf(node, key)?.value;
}

function offsetOf(node: unknown): number | undefined {
  if (isPair(node)) return offsetOf(node.key);
  return isNode(node) ? node.range?.[0] : undefined;
}

function depthProblem(text: string): ConfigProblem | undefined {
  // Flow collections can nest by one character each; block ones cost a space of indentation per level.
  let depth = 0;
  for (const [index, character] of text.split("").entries()) {
    if (character === "[" || character === "{") depth += 1;
    else if (character === "]" || character === "}") depth = Math.max(0, depth - 1);
    if (depth <= deepest) continue;
    const before = text.slice(0, index).split("\n");
    const column = (before.at(-1)?.length ?? 0) + 1;
    return { key: "", line: before.length, column, message: `is nested more than ${deepest} levels deep` };
  }
  return undefined;
}

/** Whether plain data is deeper than is accepted, or contains itself. */
function outgrows(value: unknown, depth = 0): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depth > deepest || Object.values(value).some((inner) => outgrows(inner, depth + 1));
}

/** Reads YAML; gives either the document or everything that is wrong with its syntax. */
export function parseConfigText(
  text: string,
): ConfigDocument | { readonly problems: readonly ConfigProblem[] } {
  const tooDeep = depthProblem(text);
  if (tooDeep !== undefined) return { problems: [tooDeep] };
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: "1.2" });
    if (document.errors.length > 0) {
      const problems = document.errors.map((error) => ({
        key: "",
        ...at(error.pos[0]),
        message: error.message,
      }));
      return { problems };
    }
    const value: unknown = document.toJS({ maxAliasCount: mostAliases });
    if (outgrows(value)) {
      return {
        problems: [{ key: "", line: 1, column: 1, message: `is nested more than ${deepest} levels deep` }],
      };
    }
    const walk = (path: KeyPath): unknown => {
      let node: unknown = document.contents;
      for (const key of path) {
        if (isAlias(node)) node = node.resolve(document);
        node = childOf(node, key);
      }
      return node;
    };
    const positionOf = (path: KeyPath): Position => {
      for (let length = path.length; length >= 0; length -= 1) {
        const offset = offsetOf(walk(path.slice(0, length)));
        if (offset !== undefined) return at(offset);
      }
      return { line: 1, column: 1 };
    };
    return {
      value,
      positionOf,
      positionOfKey(path) {
        const key = path.at(-1);
        const offset = key === undefined ? undefined : offsetOf(pairOf(walk(path.slice(0, -1)), key));
        return offset === undefined ? positionOf(path) : at(offset);
      },
    };
  } catch (error) {
    // An alias bomb (ReferenceError) or nesting that outgrew the stack (RangeError).
    const message = error instanceof RangeError ? "is nested too deeply" : (error as Error).message;
    return { problems: [{ key: "", line: 1, column: 1, message }] };
  }
}
