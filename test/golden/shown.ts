import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { recordOf, recordsOf } from "../../src/core/base/index.ts";
import type { CliResult } from "../support/cli.ts";
import { golden, Texts } from "./golden.ts";

const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { readonly version: string };

/** What differs from run to run, by the name that stands in its place; what one rule has taken the next does not see. */
const rules: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["version", new RegExp(`^${version}$`, "gu")],
  ["jwt", /eyJ[\w-]+\.[\w-]+\.[\w-]*/gu],
  ["pem", /-----BEGIN [^-]+-----[^]*?-----END [^-]+-----\n?/gu],
  ["folder", new RegExp(`${tmpdir()}/podtrust-[\\w-]+`, "gu")],
  ["time", /\b20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/gu],
  ["time", /\b20[2-9]\d{5}T\d{6}Z/gu],
  ["time", /\b(?:1[7-9]|2[0-4])\d{8}\b/gu],
  ["day", /(?<!api-version=)\b20[2-9]\d-\d\d-\d\d\b/gu],
  // What took no second on a quiet machine is said to be now.
  ["moment", /(?<!-)\b(?:now|\d+(?:\.\d+)? (?:ms|seconds?|minutes?|hours?|days?) ago)\b/gu],
  ["length", /\b\d+(?:\.\d+)? (?:ms|seconds?|minutes?|hours?|days?)\b/gu],
  ["uuid", /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gu],
  ["port", /(?<=127\.0\.0\.1:|localhost:)\d+/gu],
  ["ipv4", /\b(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d+\b(?!\/)/gu],
  ["ipv6", /\b2001:db8:[\da-f:]+::1\b/gu],
  // The sandbox's Hetzner counts from a number that begins so.
  ["id", /(?<=\/)471\d{4}\b/gu],
  ["recipient", /\bage1[0-9a-z]{58}\b/gu],
  ["ssh-key", /\bAAAAC3NzaC1lZDI1NTE5AAAAI[\w+/]{43}/gu],
  ["fingerprint", /\b[a-z2-7]{52}\b/gu],
  ["public-key", /\bM[A-Za-z\d+/]{100,}=*/gu],
  ["modulus", /(?<![\w-])[\w-]{342}(?![\w-])/gu],
  ["role-id", /\bAROA[\dA-Z]{17}\b/gu],
  ["digest", /\b(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})\b/gu],
  // 32 bytes in base64url, as kids and sums are.
  ["hash", /(?<![\w-])[\w-]{43}(?![\w-])/gu],
];

/** Members that say how long something took. */
const taken = /^(?:seconds|cold|warm)$/u;

function numberOf(value: number, member: string): unknown {
  // Since the epoch, in seconds or milliseconds.
  const [seconds, milliseconds] = [value / 1.7e9, value / 1.7e12];
  if ([seconds, milliseconds].some((times) => times > 1 && times < 1.5)) return "<time>";
  if (Math.floor(value / 10_000) === 471) return "<id>";
  return taken.test(member) ? "<length>" : value;
}

/** Values of a run as a golden file has them: what no other run has again is named, equal ones by one number. */
export class Placeholders {
  readonly #seen = new Map<string, Map<string, number>>();

  text(value: string): string {
    return rules.reduce(
      (text, [name, pattern]) => text.replaceAll(pattern, (found) => this.#name(name, found)),
      value,
    );
  }

  without(value: unknown, member = ""): unknown {
    if (member === "etag") return "<etag>";
    if (typeof value === "string") return this.text(value);
    if (typeof value === "number") return numberOf(value, member);
    if (Array.isArray(value)) return value.map((item) => this.without(item, member));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [this.text(name), this.without(one, name)]),
    );
  }

  #name(name: string, found: string): string {
    if (!["hash", "ipv4", "uuid"].includes(name)) return `<${name}>`;
    const all = this.#seen.get(name) ?? new Map<string, number>();
    this.#seen.set(name, all);
    const number = all.get(found) ?? all.size + 1;
    all.set(found, number);
    return `<${name}-${number}>`;
  }
}

/** Members whose blanks are no words': ids of a map, and files for other programs. */
const written = /^(?:id|node|to|role|provider|issuer|serviceAccount|expression|hcl|yaml)$/u;
const isText = (member: string, value: string): boolean =>
  /^(?:message|next|seen|text|title|summary)$/u.test(member) || (/\s/u.test(value) && !written.test(member));

/** A file for another program by its lines; a script is another test's. */
function byLines(member: string, value: unknown): unknown {
  if (member === "script") return "<script>";
  return /^(?:hcl|yaml)$/u.test(member) && typeof value === "string" ? value.split("\n") : value;
}

/** A result whose `done` is in the order of its plan: what is done side by side ends in either. Its writes are held in theirs. */
function inPlanOrder(result: unknown): unknown {
  const { changes, done } = recordOf(result);
  if (!Array.isArray(changes) || !Array.isArray(done)) return result;
  const ids = recordsOf(changes).map(({ id }) => id);
  const ordered = recordsOf(done).toSorted((a, b) => ids.indexOf(a["id"]) - ids.indexOf(b["id"]));
  return { ...recordOf(result), done: ordered };
}

/** Runs of command lines with `--json`, as one golden file has them. */
export class ShownRuns {
  readonly #sections: string[] = [];
  readonly #texts = new Texts(isText);
  readonly #placeholders = new Placeholders();

  /** A run as it was typed, with what it gave. */
  add(line: string, { code, out, err }: CliResult): void {
    assert.ok(out.startsWith("{"), `podtrust ${line} --json printed no object:\n${out}${err}`);
    const value = this.#texts.without(this.#placeholders.without(inPlanOrder(JSON.parse(out, byLines))));
    const shown = JSON.stringify(value, undefined, 2);
    this.#sections.push(`### ${code} podtrust ${line}\n${shown}\n`);
  }

  /** Holds them to `json/NAME.txt`, and their words to `json/NAME.texts.txt`. */
  hold(name: string): void {
    golden(`json/${name}.txt`, this.#sections.join("\n"));
    golden(`json/${name}.texts.txt`, this.#texts.toString());
  }
}

/** What command lines or passes write, as one golden file has it. */
export class WrittenRuns {
  readonly #sections: string[] = [];
  readonly #placeholders = new Placeholders();
  readonly #texts = new Texts((member) => /^(?:message|note)$/u.test(member));

  /**
   * The writes that came of something, in their order. A deletion that is asked for again and again, until what stands in
   * its way is gone, stands there once: how often it is asked is a matter of time.
   */
  add(what: string, writes: readonly { readonly line: string; readonly body: unknown }[]): void {
    const shown = writes.map(({ line, body }) => {
      const value = this.#texts.without(this.#placeholders.without(body));
      return [this.#placeholders.text(line), JSON.stringify(value, undefined, 2) ?? ""].join("\n").trimEnd();
    });
    const isRepeated = (one: string, at: number): boolean => / DELETE /u.test(one) && shown.indexOf(one) < at;
    const once = shown.filter((one, at) => !isRepeated(one, at));
    this.#sections.push([`### ${what}`, ...once].join("\n"));
  }

  /** Holds them to `writes/NAME.txt`, and their words, if there are some, to `writes/NAME.texts.txt`. */
  hold(name: string): void {
    golden(`writes/${name}.txt`, `${this.#sections.join("\n\n")}\n`);
    const texts = this.#texts.toString();
    if (texts !== "") golden(`writes/${name}.texts.txt`, texts);
  }
}
