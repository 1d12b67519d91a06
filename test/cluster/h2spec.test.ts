/** The publisher's HTTPS port under h2spec, with its strict cases too. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createSecureServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startTestPublisher } from "../support/publisher.ts";
import type { TestCertificate } from "../support/certificates.ts";
import { buildPrograms, leftOut } from "./harness/index.ts";

// h2spec sends what it was told to connect to as :authority, so the issuer has a name that leads to loopback.
const host = "localhost";

const forgotten = "the answer was complete, and nghttp2 drops frames of streams that it has forgotten";
const priorities = "RFC 9113 has no priorities, and nghttp2 ignores such frames whatever they say";

/** What no server on Node's HTTP/2 passes, by section and title, with the reason. */
const failedByNode: Readonly<Record<string, string>> = {
  "http2/5.1 half closed (remote): Sends a DATA frame": forgotten,
  "http2/5.1 half closed (remote): Sends a HEADERS frame": forgotten,
  "http2/5.1 closed: Sends a DATA frame after sending RST_STREAM frame": forgotten,
  "http2/5.1 closed: Sends a HEADERS frame after sending RST_STREAM frame": forgotten,
  "http2/5.1 closed: Sends a DATA frame": forgotten,
  "http2/5.1 closed: Sends a HEADERS frame": forgotten,
  "http2/5.1.1 Sends stream identifier that is numerically smaller than previous":
    "nghttp2 takes a lower identifier for a stream that it has forgotten",
  "http2/5.3.1 Sends PRIORITY frame that depend on itself": priorities,
  'http2/6.1 Sends a DATA frame on the stream that is not in "open" or "half-closed (local)" state':
    forgotten,
  "http2/6.3 Sends a PRIORITY frame with 0x0 stream identifier": priorities,
  "http2/6.7 Sends a PING frame with ACK": "Node ends a session that acknowledges what it did not send",
  "http2/6.9.1 Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1 on a stream":
    "Node ends the session where a reset of the stream was asked for",
};

type Outcome = "passed" | "failed" | "skipped";

// fast-xml-parser refuses the report, as other parsers do: bytes of frames stand in it as they came.
function outcomesOf(report: string): ReadonlyMap<string, Outcome> {
  const cases = report.matchAll(
    /<testcase package="([^"]*)" classname="([^"]*)" time="[^"]*">(.*?)<\/testcase>/gsu,
  );
  return new Map(
    [...cases].map(([, section = "", title = "", inside = ""]) => [
      `${section} ${title.replaceAll("&#34;", '"')}`,
      inside === "" ? "passed" : inside.includes("<skipped>") ? "skipped" : "failed",
    ]),
  );
}

/** Runs h2spec against a port. It ends with 1 where a case fails, and then its report says which. */
async function h2spec(port: number, cases: readonly string[] = []): Promise<ReadonlyMap<string, Outcome>> {
  const programs = await buildPrograms();
  const folder = await mkdtemp(join(tmpdir(), "podtrust-h2spec-"));
  const report = join(folder, "report.xml");
  // The length: five such headers, Huffman-coded, are to be more than a frame of 16 KiB, and two are to be less than the
  // 8 KiB that the publisher takes.
  const how = ["--tls", "--insecure", "--strict", "--max-header-length", "3800", "--junit-report", report];
  const where = ["--host", host, "--port", String(port), "--path", "/openid/v1/jwks"];
  try {
    const output = await new Promise<string>((resolve) => {
      execFile(
        programs.h2spec,
        [...cases, ...how, ...where],
        { timeout: 240_000 },
        (_error, stdout, stderr) => {
          resolve(stdout + stderr);
        },
      );
    });
    const outcomes = outcomesOf(await readFile(report, "utf8").catch(() => assert.fail(output)));
    const [, count] = /(\d+) tests, \d+ passed/u.exec(output) ?? [];
    assert.equal(outcomes.size, Number(count), `the report has not the cases of the run:\n${output}`);
    return outcomes;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The least that Node's HTTP/2 can do: the same answer to everything. */
async function bareServer(
  certificate: TestCertificate,
): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createSecureServer({ cert: certificate.certificate, key: certificate.key });
  const sessions = new Set<{ destroy: () => void }>();
  server.on("session", (session) => {
    sessions.add(session.once("close", () => sessions.delete(session)));
  });
  server.on("stream", (stream: ServerHttp2Stream) => {
    stream.on("error", () => {});
    stream.respond({ ":status": 200 });
    stream.end("Good day to you.");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const failuresOf = (outcomes: ReadonlyMap<string, Outcome>): readonly string[] =>
  [...outcomes].filter(([, outcome]) => outcome === "failed").map(([name]) => name);

/** h2spec's own name of a case: its section and its place there. */
function idOf(outcomes: ReadonlyMap<string, Outcome>, name: string): string {
  const [section = ""] = name.split(" ");
  const ofSection = [...outcomes.keys()].filter((other) => other.startsWith(`${section} `));
  return `${section}/${ofSection.indexOf(name) + 1}`;
}

interface Rerun {
  readonly port: number;
  /** Outcomes of the whole run. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
}

/**
 * Whether a case has an outcome in the whole run or in one of ten of its own. A server may answer and close a stream
 * before a faulty frame comes (RFC 9113 §8.1), which h2spec takes for a failure; and the frame may come first where it
 * usually does not.
 */
async function comesOnce({ port, outcomes }: Rerun, name: string, wanted: Outcome): Promise<boolean> {
  if (outcomes.get(name) === wanted) return true;
  for (let run = 0; run < 10; run += 1) {
    const again = await h2spec(port, [idOf(outcomes, name)]);
    assert.deepEqual([...again.keys()], [name]);
    if (again.get(name) === wanted) return true;
  }
  return false;
}

test("h2spec finds in the publisher's HTTP/2 only what is Node's", { skip: leftOut() }, async (t) => {
  await using publisher = await startTestPublisher({ issuer: `https://${host}` });
  // The first poll publishes the keys.
  await publisher.pass(1000);
  await using bare = await bareServer(await publisher.authority.issue([host]));

  const ours = { port: publisher.port, outcomes: await h2spec(publisher.port) };
  const nodes = { port: bare.port, outcomes: await h2spec(bare.port) };

  assert.ok(ours.outcomes.size >= 146, `h2spec ran ${ours.outcomes.size} cases`);
  assert.ok(![...ours.outcomes.values()].includes("skipped"), "h2spec skipped a case");
  for (const name of failuresOf(ours.outcomes)) {
    if (name in failedByNode) continue;
    assert.ok(await comesOnce(ours, name, "passed"), `${name} fails each time`);
    t.diagnostic(`answered before the faulty frame came: ${name}`);
  }
  for (const [name, reason] of Object.entries(failedByNode)) {
    assert.ok(await comesOnce(nodes, name, "failed"), `Node alone passes ${name}: name it no longer`);
    t.diagnostic(`${ours.outcomes.get(name)} here, failed by Node alone: ${name} (${reason})`);
  }
});
