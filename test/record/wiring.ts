/** How a run of the recorder is put together: all that `main.ts` does, but for the process and its network. */
import type { IAMClient } from "@aws-sdk/client-iam";
import { type Clock, defined, type Environment, mapped } from "../../src/core/base/index.ts";
import { AzureRecorder } from "./azure/recorder.ts";
import { DocumentsFolder } from "./documents-folder.ts";
import { GoogleRecorder } from "./gcp/recorder.ts";
import { UsedValues } from "./mask.ts";
import { graphToken, type RecordOptions, UsageError, vendorFlags } from "./options.ts";
import { record } from "./record.ts";
import { type Recording, recordingText, type VendorName } from "./recording.ts";
import { withRetries } from "./retry.ts";
import { makeSigners } from "./tokens.ts";
import { ownWordsOf, type Recorder, type RecorderWorld, type Send } from "./vendor.ts";

/** What a run has of its process. */
export interface RecordHost {
  readonly env: Environment;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** One request, made once. */
  readonly once: Send;
  /** A client of AWS's own IAM by default. */
  readonly iam?: (region: string) => IAMClient;
  /** Base URL of AWS's own STS by default. */
  readonly sts?: string;
}

/** A run that has not begun. */
export interface Run {
  readonly recorder: Recorder;
  /** Every value that it has in its hands. */
  readonly used: UsedValues;
  readonly go: () => Promise<Recording>;
  /** The file of a recording. */
  readonly text: (recording: Recording) => Promise<string>;
}

/** What the recorders of all vendors are made of. */
interface Parts {
  readonly given: RecordOptions["given"];
  readonly host: RecordHost;
  readonly world: RecorderWorld;
  readonly place: DocumentsFolder | undefined;
}

function tokenOf(env: Environment, [variable, command]: readonly [string, string] = ["", ""]): string {
  const token = env[variable] ?? "";
  if (token === "") throw new UsageError(`no access token: export ${variable}="$(${command})"`);
  return token;
}

/** AWS's own address of STS in a region; China's partition has a domain of its own. */
export function stsOf(region: string): string {
  return `https://sts.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}

const recorders: Readonly<Record<VendorName, (parts: Parts) => Promise<Recorder> | Recorder>> = {
  async aws({ given: { region = "" }, host, world, place }) {
    if (place === undefined) throw new TypeError("no issuer");
    // Who asks another vendor does not wait for the AWS SDK.
    const { IAMClient: Client } = await import("@aws-sdk/client-iam");
    const { AwsRecorder } = await import("./aws/recorder.ts");
    const iam = host.iam?.(region) ?? new Client({ region });
    return new AwsRecorder({ iam, sts: host.sts ?? stsOf(region), place }, world);
  },
  gcp({ given: { project = "", "project-number": projectNumber = "" }, host, world, place }) {
    const token = tokenOf(host.env, vendorFlags.gcp.token);
    return new GoogleRecorder({ project, projectNumber, token, ...defined({ place }) }, world);
  },
  azure({ given, host: { env }, world, place }) {
    const { tenant = "", subscription = "", location = "", application } = given;
    const { "resource-group": resourceGroup = "" } = given;
    if (place === undefined) throw new TypeError("no issuer");
    const token = tokenOf(env, vendorFlags.azure.token);
    const lent = defined({
      lent: mapped(application, (id) => ({ application: id, token: tokenOf(env, graphToken) })),
    });
    return new AzureRecorder({ tenant, subscription, resourceGroup, location, token, place, ...lent }, world);
  },
};

/** Puts a run together. Throws UsageError. */
export async function openRun({ vendor, maxWait, given }: RecordOptions, host: RecordHost): Promise<Run> {
  const { clock, signal, say } = host;
  const send = withRetries(host.once, { clock, signal, say });
  const used = new UsedValues();
  const { issuer: url, documents: folder } = given;
  const place =
    url === undefined || folder === undefined
      ? undefined
      : new DocumentsFolder({ url, folder, clock, send, signal, say });
  const maxWaitMs = maxWait * 60_000;
  const world: RecorderWorld = { clock, send, used, signers: await makeSigners(), maxWaitMs, signal, say };
  const recorder = await recorders[vendor]({ given, host, world, place });
  return {
    recorder,
    used,
    async go() {
      for (const path of (await place?.sweep()) ?? [])
        say(`removed ${path}, which an earlier run left behind`);
      try {
        return await record(recorder, { clock, signal, pauseMs: 500, maxWaitMs, say });
      } finally {
        await place?.clear();
      }
    },
    async text(recording) {
      return recordingText(recording, used, await ownWordsOf(recorder.cases));
    },
  };
}
