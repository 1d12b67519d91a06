/** README's moving picture is the recorded session and nothing else; test/demo compares that session with a new one. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { XMLValidator } from "fast-xml-parser";
import { parseRecording, type Recording } from "../../tools/cast/recording.ts";
import { linesOf, textOf } from "../../tools/cast/screen.ts";
import { castFile, pictureFile, pictureOf } from "../../tools/cast.ts";

const svg = readFileSync(pictureFile, "utf8");
const recording = parseRecording(readFileSync(castFile, "utf8"));

const session = (...output: Recording["output"]): Recording => ({ width: 96, height: 28, output });

test("the picture of the demo is what its recording says, to the byte (npm run docs:cast)", () => {
  assert.equal(svg, pictureOf(recording));
});

test("the picture of the demo is well-formed XML of less than 200 kB, with a title and a description", () => {
  assert.equal(XMLValidator.validate(svg), true);
  assert.ok(Buffer.byteLength(svg) < 200_000);
  assert.match(svg, /<title id="title">[^<]+<\/title>\n<desc id="description">[^<]+<\/desc>/u);
});

test("the picture of the demo runs no script and asks for nothing from elsewhere", () => {
  assert.doesNotMatch(svg, /<script|<foreignObject|<image|<a\b|\bon\w+=|href|@import|url\(/iu);
});

test("the picture of the demo lasts at most twenty seconds, in the session's own proportions", () => {
  const durations = [...svg.matchAll(/animation-duration:([\d.]+)s/gu)].map(([, seconds]) => Number(seconds));
  const real = linesOf(recording).map(({ at }) => at);
  assert.equal(durations.length, real.length);
  const [last = 0, lastReal = 0] = [durations.at(-1), real.at(-1)];
  assert.ok(last <= 20, `${last} s`);
  for (const [index, at] of real.entries()) {
    const shown = durations[index] ?? 0;
    assert.ok(Math.abs(shown / last - at / lastReal) < 0.01, `line ${index}: ${shown} s for ${at} s`);
  }
});

test("README shows the picture, with a text for those who do not see it", () => {
  assert.match(readFileSync("README.md", "utf8"), new RegExp(`!\\[[^\\]]{40,}\\]\\(${pictureFile}\\)`, "u"));
});

test("what a program prints is text of the picture, whatever characters it has", () => {
  const picture = pictureOf(session({ at: 1, text: `<script>alert("&")</script> ]]>\r\n` }));
  assert.equal(XMLValidator.validate(picture), true);
  assert.ok(picture.includes("&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt; ]]&gt;"));
});

test("a line counts from when it is whole, and a colour lasts into the next", () => {
  const lines = linesOf(
    session(
      { at: 1, text: "\u001B[32mgre" },
      { at: 2, text: "en\r\nstill" },
      { at: 3, text: "\u001B[39m no\r\n" },
    ),
  );
  assert.equal(textOf(lines), "green\nstill no");
  assert.deepEqual(
    lines.map(({ at }) => at),
    [2, 3],
  );
  assert.deepEqual(lines[1]?.runs, [
    { column: 0, text: "still", styles: ["green"] },
    { column: 5, text: " no", styles: [] },
  ]);
});

test("a session that moves the cursor or uses a colour that is not known is refused", () => {
  for (const text of ["a\rb\r\n", "\u001B[2Ka\r\n", "\u001B[95ma\r\n"])
    assert.throws(() => linesOf(session({ at: 1, text })), TypeError, JSON.stringify(text));
});
