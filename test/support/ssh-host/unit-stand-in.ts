/**
 * What systemd does with units of k3s on a stand-in host: `reload` reads their files, as `systemctl daemon-reload` does, and with any other
 * words it is busctl, which says what was read. Shares no code with what it tests. Sources: systemd.syntax(7); the answers are those of
 * systemd 252 on 2026-12-01 (`busctl.ts`).
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

const folder = "/etc/systemd/system";
const loadedFile = "/run/stand-in/units.json";
const args = process.argv.slice(2);

interface Loaded {
  readonly words: readonly string[];
  readonly sum: string;
}

const sum = (name: string): string =>
  createHash("sha256")
    .update(readFileSync(`${folder}/${name}`))
    .digest("hex");
const units = (): readonly string[] => readdirSync(folder).filter((name) => /^k3s.*\.service$/u.test(name));

/** A backslash before the end of a line makes the two a blank; quotes are taken off. */
function wordsOf(name: string): readonly string[] {
  const text = readFileSync(`${folder}/${name}`, "utf8").replaceAll("\\\n", " ");
  const line = /^ExecStart=(.*)$/mu.exec(text)?.[1] ?? "";
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/gu)]
    .map(([, a, b, c]) => a ?? b ?? c ?? "")
    .map((word, at) => (at === 0 ? word.replace(/^[-@:+!|]+/u, "") : word));
}

function reload(): void {
  const loaded = Object.fromEntries(units().map((name) => [name, { words: wordsOf(name), sum: sum(name) }]));
  mkdirSync("/run/stand-in", { recursive: true });
  writeFileSync(loadedFile, JSON.stringify(loaded));
  writeFileSync(
    "/run/stand-in/words",
    (loaded["k3s.service"]?.words ?? [])
      .slice(2)
      .map((one) => `${one}\n`)
      .join(""),
  );
}

const print = (type: string, data: unknown): void => console.log(JSON.stringify({ type, data }));

function busctl(): void {
  if (!existsSync(loadedFile)) reload();
  const loaded = JSON.parse(readFileSync(loadedFile, "utf8")) as Record<string, Loaded>;
  const asked = args.join(" ");
  if (asked.includes("ListUnitFilesByPatterns"))
    return print("a(ss)", [units().map((name) => [`${folder}/${name}`, "enabled"])]);
  const path = (name: string): string =>
    name.replaceAll(/[^A-Za-z0-9]/gu, (one) => `_${one.charCodeAt(0).toString(16)}`);
  const [name = "", unit] =
    Object.entries(loaded).find(([one]) => asked.includes(`/unit/${path(one)} `)) ?? [];
  if (unit === undefined) throw new TypeError(`Unknown object: ${asked}`);
  if (asked.includes("systemd1.Unit ")) {
    print("s", name);
    print("s", `${folder}/${name}`);
    print("as", []);
    return print("b", sum(name) !== unit.sum);
  }
  const began = Number(
    existsSync("/run/stand-in/invocation") ? readFileSync("/run/stand-in/invocation", "utf8") : 0,
  );
  print("a(sasbttttuii)", [[unit.words[0], unit.words, false, 0, 0, 0, 0, 40, 0, 0]]);
  print("as", []);
  print("a(sb)", [["/etc/default/k3s", true]]);
  print("u", 40);
  print("t", Math.floor(began / 1000));
}

if (args[0] === "reload") reload();
else busctl();
