import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { bold, cyan, dim, green, red, rich, type Text, yellow } from "./text.ts";
import { openScreen, type Screen, type Writer } from "./writer.ts";
import { runs } from "../../../test/support/runs.ts";

const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
/** All that podtrust itself sends to a terminal beside text: its six looks, and the erasing of its own line. */
// oxlint-disable-next-line no-control-regex
const ours = /\u001B\[(?:1|2|22|3[1236]|39)m|\r\u001B\[K/gu;

function screenOf(
  isTTY: boolean,
  env: Record<string, string> = { TERM: "xterm" },
  columns = 40,
): { screen: Screen; said: () => string } {
  let said = "";
  const stream = { isTTY, columns, write: (more: string) => (said += more) };
  return { screen: openScreen({ env, stdout: stream, stderr: stream }), said: () => said };
}

/** What is on a terminal without what podtrust put there itself. */
const foreign = (said: string): string => said.replaceAll(ours, "").replaceAll(/[\n\t]/gu, "");

const piece = fc.oneof(
  fc.constantFrom(
    "\u001B[2J",
    "\u001B]0;title\u0007",
    "\u009B31m",
    "\u007F",
    "\u202E",
    "\u2066",
    "\u200B",
    "\uFEFF",
    "\u{E0041}",
    "\r",
    "\n",
    "\b",
    "\uD800",
    "\uDC00",
    "\u2028",
    "\u001B[31m",
    "\r\u001B[K",
    "plain",
    " ",
  ),
  fc.string({ unit: "binary" }),
);
const hostile = fc.array(piece, { maxLength: 8 }).map((parts) => parts.join(""));

const anyText: fc.Arbitrary<Text> = fc.letrec<{ text: Text }>((tie) => ({
  text: fc.oneof(
    { depthSize: "small" },
    hostile,
    fc
      .tuple(fc.constantFrom(bold, dim, red, green, yellow, cyan), tie("text"))
      .map(([look, inner]) => look(inner)),
    fc.array(tie("text"), { maxLength: 3 }),
    fc.tuple(tie("text"), hostile).map(([a, b]) => rich`${a}: ${b}`),
  ),
})).text;

const anyAct: fc.Arbitrary<(writer: Writer) => void> = fc.oneof(
  fc.tuple(anyText, fc.option(fc.nat(60), { nil: undefined })).map(
    ([said, hang]) =>
      (writer: Writer) =>
        writer.line(said, hang),
  ),
  anyText.map((said) => (writer: Writer) => writer.ask(said)),
  anyText.map((said) => (writer: Writer) => writer.draw(said)),
  hostile.map((content) => (writer: Writer) => writer.data(content)),
  fc.dictionary(hostile, hostile).map((value) => (writer: Writer) => writer.json(value, 2)),
);

describe("whatever a command says on a terminal", () => {
  test("nothing but podtrust's own colours and the erasing of its own line commands it", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), anyAct), { maxLength: 12 }), (acts) => {
        const { screen, said } = screenOf(true);
        for (const [out, act] of acts) act(out ? screen.out : screen.err);
        assert.doesNotMatch(foreign(said()), hidden);
      }),
      { numRuns: runs(2000) },
    );
  });

  test("with NO_COLOR a colour in foreign text cannot pass for one of podtrust's", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyText, hostile), { maxLength: 6 }), (lines) => {
        const { screen, said } = screenOf(true, { TERM: "xterm", NO_COLOR: "1" });
        for (const [line, content] of lines) {
          screen.out.line(line, 2);
          screen.err.data(content);
        }
        assert.doesNotMatch(said().replaceAll(/[\n\t]/gu, ""), hidden);
      }),
      { numRuns: runs(1000) },
    );
  });

  test("a line break in foreign text does not begin a line of podtrust's", () => {
    const { screen, said } = screenOf(true);
    screen.out.line(rich`${green("✔")} ${"seen\n✔ all is well"}`);
    assert.equal(said(), "\u001B[32m✔\u001B[39m seen\\u000a✔ all is well\n");
  });
});

test("each character that cannot be seen is shown by its code", () => {
  const { screen, said } = screenOf(false);
  screen.out.line("a\u001B[2J\u009B\u007F\u202E\u200B\uD800-\u{E0041}\tz");
  assert.equal(said(), "a\\u001b[2J\\u009b\\u007f\\u202e\\u200b\\ud800-\\u{e0041}\tz\n");
});

test("JSON that is escaped is the same value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), hostile, (value, text) => {
      const { screen, said } = screenOf(true);
      screen.out.json({ value, text }, 2);
      assert.deepEqual(JSON.parse(said()), JSON.parse(JSON.stringify({ value, text })));
    }),
  );
});

test("what programs read is as it was for a file, and escaped on a terminal but for its line breaks", () => {
  const content = "a: \u001B[2J\n\tb: \u009B é\r\n";
  const file = screenOf(false);
  file.screen.out.data(content);
  assert.equal(file.said(), content);
  const terminal = screenOf(true);
  terminal.screen.out.data(content);
  assert.equal(terminal.said(), "a: \\u001b[2J\n\tb: \\u009b é\\u000d\n");
});

test("a line that is drawn steps aside for what is said, on either stream of the terminal", () => {
  const { screen, said } = screenOf(true, { NO_COLOR: "1" });
  screen.err.draw("waiting");
  screen.out.line("a log line");
  screen.err.draw(undefined);
  screen.out.line("done");
  const erase = "\r\u001B[K";
  assert.equal(said(), `${erase}waiting${erase}a log line\nwaiting${erase}done\n`);
});

test("a drawn line never takes a second row", () => {
  const { screen, said } = screenOf(true, { NO_COLOR: "1" }, 24);
  screen.err.draw("名前".repeat(20));
  assert.equal(said(), `\r\u001B[K${"名前".repeat(20).slice(0, 11)}`);
});

describe("prose on a terminal", () => {
  const lines = (said: Text, hang: number, columns: number): readonly string[] => {
    const { screen, said: all } = screenOf(true, { NO_COLOR: "1" }, columns);
    screen.out.line(said, hang);
    return all().slice(0, -1).split("\n");
  };

  test("is broken between words, its further lines behind the hang", () => {
    assert.deepEqual(lines("  ✔ dns  the name leads to the publisher", 9, 24), [
      "  ✔ dns  the name leads",
      "        to the publisher",
    ]);
  });

  test("a word that fits the terminal but not behind the hang or its own indent begins further left", () => {
    const word = "w".repeat(21);
    for (const said of [`  ✔ dns  ${word} it`, `        ${word} it`])
      assert.deepEqual(lines(said, 9, 24).slice(-2), [`   ${word}`, "        it"], said);
  });

  test("keeps a word that is wider than the terminal whole, and loses none", () => {
    const word = fc.stringMatching(/^[a-z]{1,30}$/u);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), fc.integer({ min: 20, max: 80 }), (words, columns) => {
        const wrapped = lines(words.join(" "), 2, columns);
        assert.deepEqual(wrapped.join(" ").trim().split(/ +/u), words);
        for (const line of wrapped) assert.ok(line.length <= columns || line.trim().length > columns, line);
        for (const line of wrapped) assert.ok(line.length <= columns || !line.trim().includes(" "), line);
      }),
    );
  });

  test("keeps its colours across lines, each line closed in itself", () => {
    const { screen, said } = screenOf(true, { TERM: "xterm" }, 20);
    screen.out.line(dim("twelve chars and more of it"), 0);
    assert.equal(said(), "\u001B[2mtwelve chars and\u001B[22m\n\u001B[2mmore of it\u001B[22m\n");
  });

  test("is left whole for a pipe, whose reader wraps as it likes", () => {
    const { screen, said } = screenOf(false);
    screen.out.line("word ".repeat(40), 2);
    assert.equal(said(), `${"word ".repeat(40)}\n`);
  });
});
