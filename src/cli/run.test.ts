import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { podtrustHere } from "../../test/support/cli.ts";

describe("a command line", () => {
  test("--help names every command that is there, and nothing hidden", async () => {
    const { code, out, err } = await podtrustHere(["--help"]);
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /^Usage: podtrust/u);
    assert.match(out, /^ {2}completion /mu);
    assert.doesNotMatch(out, /^ {2}job /mu);
  });

  test("help keeps its columns on a narrow terminal, and its commands in one piece", async () => {
    let out = "";
    const stdout = { isTTY: true, columns: 50, write: (more: string) => (out += more) };
    await podtrustHere(["manifests", "workload", "--help"], { stdout, env: { NO_COLOR: "1" } });
    assert.match(out, /^ {2}--container <name> .*\n {16,}\S/mu);
    assert.match(out, /^ {2}podtrust manifests workload shop\/web --role web --expiration 15m$/mu);
    const lines = out.split("\n").filter((line) => !/^(?: {2}podtrust|Guide:) /u.test(line));
    for (const line of lines) assert.ok(line.length <= 50, line);
  });

  test("--version is the package's", async () => {
    const { code, out } = await podtrustHere(["--version"]);
    assert.deepEqual([code, /^\d+\.\d+\.\d+\n$/u.test(out)], [0, true]);
  });

  test("--version, completion and help are JSON with --json where they are data", async () => {
    const { out } = await podtrustHere(["--version", "--json"]);
    assert.match((JSON.parse(out) as { version: string }).version, /^\d+\.\d+\.\d+$/u);
    const plain = await podtrustHere(["completion", "fish"]);
    const json = await podtrustHere(["completion", "fish", "--json"]);
    assert.deepEqual(JSON.parse(json.out), { shell: "fish", script: plain.out });
  });

  test("help shows the same as --help, of commands inside commands too", async () => {
    for (const words of [[], ["plan"], ["rotate", "status"]]) {
      const help = await podtrustHere(["help", ...words]);
      assert.deepEqual(help, await podtrustHere([...words, "--help"]));
      assert.equal(help.code, 0);
    }
  });

  test("a key ID that begins with a hyphen is a key ID, wherever it stands", async () => {
    const kid = `-${"k".repeat(42)}`;
    for (const args of [
      ["rotate", "distrust", kid, "--state", "/nonexistent"],
      ["rotate", "distrust", "--state", "/nonexistent", "--", kid],
    ]) {
      assert.match((await podtrustHere(args)).err, /^code: {2}publisher-not-running$/mu);
    }
  });

  test("a key ID that begins with a hyphen is the value of the option before it", async () => {
    const kid = `-${"k".repeat(42)}`;
    for (const option of [["--without", kid], [`--without=${kid}`], ["--without", "a", "--without", kid]]) {
      const { err } = await podtrustHere(["publish", "keys", "-f", "/nonexistent", ...option]);
      assert.match(err, /^code: {2}config-unreadable$/mu);
    }
    assert.match((await podtrustHere(["publish", "keys", "--json", kid])).out, /too many arguments/u);
  });

  test("podtrust operator runs the operator when no command of it is named", async () => {
    const [short, whole] = [
      await podtrustHere(["operator", "--webhook"]),
      await podtrustHere(["operator", "run", "--webhook"]),
    ];
    assert.deepEqual(short, whole);
    assert.match(short.err, /this is not a pod/u);
  });

  const wrong: [string, string[], RegExp][] = [
    ["no command", [], /no command was given/u],
    ["an unknown command", ["completin"], /unknown command 'completin'\nnext: {2}Did you mean completion\?/u],
    [
      "an unknown option",
      ["completion", "bash", "--jsn"],
      /unknown option '--jsn'\nnext: {2}Did you mean --json\?/u,
    ],
    [
      "a missing argument",
      ["completion"],
      /missing required argument 'shell'\nnext: {2}See `podtrust completion --help`/u,
    ],
    [
      "a surplus argument",
      ["completion", "bash", "zsh"],
      /too many arguments.*\nnext: {2}See `podtrust completion --help`/u,
    ],
    [
      "help for an unknown command",
      ["help", "nope"],
      /podtrust has no command 'nope'\nnext: {2}See `podtrust --help`/u,
    ],
    [
      "an unknown command with --help",
      ["nonsense", "--help"],
      /podtrust has no command 'nonsense'\nnext: {2}See `podtrust --help`/u,
    ],
    [
      "a misspelt command with -h",
      ["-v", "statsu", "-h"],
      /no command 'statsu'\nnext: {2}Did you mean status\?/u,
    ],
    [
      "a misspelt command of a command with --help",
      ["rotate", "distrst", "--help"],
      /podtrust rotate has no command 'distrst'\nnext: {2}Did you mean distrust\?/u,
    ],
    [
      "help for a command with a typing error",
      ["help", "rotate", "distrst"],
      /podtrust rotate has no command 'distrst'\nnext: {2}Did you mean distrust\?/u,
    ],
    [
      "a missing option",
      ["explain"],
      /'--token <file>' not specified\nnext: {2}See `podtrust explain --help`/u,
    ],
    [
      "a missing argument of a command inside a command",
      ["rotate", "distrust"],
      /argument 'kid'\nnext: {2}See `podtrust rotate distrust --help`/u,
    ],
    ["a value that is no choice", ["completion", "bsh"], /'bsh' is invalid.*\nnext: {2}Did you mean bash\?/u],
  ];
  for (const [what, args, text] of wrong) {
    test(`${what} is used wrongly: exit 2, one error, the next step`, async () => {
      const { code, out, err } = await podtrustHere(args);
      assert.deepEqual([code, out], [2, ""]);
      assert.match(err, text);
      assert.match(err, /^code: {2}usage$/mu);
    });
  }

  test("--json says an error as one object on standard output", async () => {
    for (const args of [
      ["completin", "--json"],
      ["--json", "completin"],
    ]) {
      const { code, out, err } = await podtrustHere(args);
      assert.deepEqual([code, err], [2, ""]);
      assert.deepEqual(JSON.parse(out), {
        error: { code: "usage", message: "unknown command 'completin'", next: "Did you mean completion?" },
      });
    }
  });

  test("-v adds where an error came from", async () => {
    const { err } = await podtrustHere(["completion", "bsh", "-v"]);
    assert.match(err, /PodtrustError: .*\n {4}at /u);
  });
});

describe("colour", () => {
  const escape = "\u001B[";
  const terminal = { write: () => true, isTTY: true };
  const errOf = async (env: Record<string, string>, isTTY: boolean): Promise<string> => {
    let text = "";
    await podtrustHere(["completin"], {
      env,
      stderr: { ...terminal, isTTY, write: (more) => (text += more) },
    });
    return text;
  };

  test("is for terminals, unless NO_COLOR or TERM=dumb", async () => {
    assert.ok((await errOf({ TERM: "xterm" }, true)).includes(escape));
    assert.ok(!(await errOf({ TERM: "xterm", NO_COLOR: "1" }, true)).includes(escape));
    assert.ok((await errOf({ TERM: "xterm", NO_COLOR: "" }, true)).includes(escape));
    assert.ok(!(await errOf({ TERM: "dumb" }, true)).includes(escape));
  });

  test("is not for pipes, unless FORCE_COLOR", async () => {
    assert.ok(!(await errOf({}, false)).includes(escape));
    assert.ok((await errOf({ FORCE_COLOR: "1" }, false)).includes(escape));
    assert.ok(!(await errOf({ FORCE_COLOR: "0" }, true)).includes(escape));
    assert.ok(!(await errOf({ FORCE_COLOR: "1", NO_COLOR: "1" }, true)).includes(escape));
  });
});
