/**
 * `npm run record -- aws|gcp|azure`: asks a real vendor the conformance cases and what nobody has published of it, and writes
 * what it answers, without a token or an id. test/record/README.md says how.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";
import { defined, mapped, systemClock } from "../../src/core/base/index.ts";
import { request } from "../../src/core/http/index.ts";
import { AzureRecorder } from "./azure/recorder.ts";
import { DocumentsFolder } from "./documents-folder.ts";
import { GoogleRecorder } from "./gcp/recorder.ts";
import { UsedValues } from "./mask.ts";
import { graphToken, readOptions, type RecordOptions, UsageError, vendorFlags } from "./options.ts";
import { withRetries } from "./retry.ts";
import { record } from "./record.ts";
import { recordingText, type VendorName } from "./recording.ts";
import { makeSigners } from "./tokens.ts";
import type { DocumentHost, Recorder, RecorderWorld, Send } from "./vendor.ts";

const once: Send = async (url, sent) => {
  const { status, body } = await request(url, { ...sent, timeoutMs: 30_000 });
  return { status, text: body.toString("utf8") };
};

function tokenOf([variable, command]: readonly [variable: string, command: string] = ["", ""]): string {
  const token = process.env[variable] ?? "";
  if (token === "") throw new UsageError(`no access token: export ${variable}="$(${command})"`);
  return token;
}

type Given = RecordOptions["given"];

const recorders: Readonly<
  Record<
    VendorName,
    (given: Given, world: RecorderWorld, place: DocumentHost | undefined) => Promise<Recorder> | Recorder
  >
> = {
  async aws({ region = "" }, world, place) {
    if (place === undefined) throw new TypeError("no issuer");
    // Who asks another vendor does not wait for the AWS SDK.
    const { IAMClient } = await import("@aws-sdk/client-iam");
    const { AwsRecorder } = await import("./aws/recorder.ts");
    const iam = new IAMClient({ region });
    return new AwsRecorder({ iam, sts: `https://sts.${region}.amazonaws.com`, place }, world);
  },
  gcp({ project = "", "project-number": projectNumber = "" }, world, place) {
    const account = {
      project,
      projectNumber,
      token: tokenOf(vendorFlags.gcp.token),
      ...defined({ place }),
    };
    return new GoogleRecorder(account, world);
  },
  azure(
    { tenant = "", subscription = "", "resource-group": resourceGroup = "", location = "", application },
    world,
    place,
  ) {
    if (place === undefined) throw new TypeError("no issuer");
    const token = tokenOf(vendorFlags.azure.token);
    const lent = defined({
      lent: mapped(application, (id) => ({ application: id, token: tokenOf(graphToken) })),
    });
    return new AzureRecorder({ tenant, subscription, resourceGroup, location, token, place, ...lent }, world);
  },
};

async function run({ vendor, out, maxWait, given }: RecordOptions): Promise<void> {
  const ending = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.once(name, () => ending.abort(new Error(`${name}: what was made is taken away`)));
  const { signal } = ending;
  const say = (line: string): void => console.log(line);
  const send = withRetries(once, { clock: systemClock, signal, say });
  const used = new UsedValues();
  const { issuer: url, documents: folder } = given;
  const place =
    url === undefined || folder === undefined
      ? undefined
      : new DocumentsFolder({ url, folder, clock: systemClock, send, signal, say });
  const world: RecorderWorld = {
    clock: systemClock,
    send,
    used,
    signers: await makeSigners(),
    maxWaitMs: maxWait * 60_000,
    signal,
    say,
  };
  try {
    const recorder = await recorders[vendor](given, world, place);
    const recording = await record(recorder, { clock: systemClock, signal, used, pauseMs: 500, say });
    await mkdir(dirname(out), { recursive: true });
    await writeFile(out, recordingText(recording, used));
    say(`${out}: ${recording.cases.length} cases, ${recording.questions.length} open questions`);
    say("npm test -- test/conformance/recordings compares it with our rules.");
  } finally {
    await place?.clear();
  }
}

try {
  await run(readOptions(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
