import { setFlagsFromString } from "node:v8";
import { errorText, parseDuration, PodtrustError } from "../../core/base/index.ts";
import { readTextFile } from "../../core/command-line/index.ts";
import { readCredentialFile } from "../../core/files/index.ts";
import { untilEnded } from "../../core/terminal/index.ts";
import { type Agreement, peersAgreement, serveSigner, type ServingSigner } from "../../signer/index.ts";
import type { CommandContext } from "../context.ts";
import { holderOf } from "./holders.ts";
import { apiServerUrl } from "../options/api-server.ts";
import { addressOf } from "../options/address.ts";
import { signerIssuers } from "../options/signer-issuers.ts";

/** What was typed. */
export interface SignerRunOptions {
  readonly state: string;
  readonly socket: string;
  readonly listen: string;
  readonly refresh: string;
  readonly maxTokenLifetime: string;
  readonly issuer: readonly string[];
  readonly allowClaim?: readonly string[];
  readonly holder?: readonly string[];
  readonly peer?: readonly string[];
  readonly peerCa?: string;
  readonly peerCertificate?: string;
  readonly peerKey?: string;
}

const day = 24 * 3600;
/** Bytes of a PEM file. */
const maxPem = 256 * 1024;

/** Whole seconds of a duration between bounds. Throws `usage`. */
function secondsOf(option: string, text: string, least: number, most: number): number {
  const seconds = (parseDuration(text) ?? Number.NaN) / 1000;
  if (Number.isInteger(seconds) && seconds >= least && seconds <= most) return seconds;
  throw new PodtrustError("usage", `${option} ${text} is not between ${least} s and ${most} s`, {
    next: "Give whole seconds, such as 10s, 24h or 365d.",
  });
}

/**
 * The API servers that are asked before a key signs; none if no server is named. Throws `usage`,
 * `file-unreadable`, `state-permissions`.
 */
async function agreementOf(
  context: CommandContext,
  { peer, peerCa, peerCertificate, peerKey }: SignerRunOptions,
): Promise<{ readonly agreement?: Agreement }> {
  if (peer === undefined) return {};
  if (peerCa === undefined || peerCertificate === undefined || peerKey === undefined)
    throw new PodtrustError("usage", "--peer needs --peer-ca, --peer-certificate and --peer-key");
  const urls = peer.map((url) => apiServerUrl("--peer", url));
  const read = (option: string, name: string): Promise<string> =>
    readTextFile(context, { option, name, maxBytes: maxPem });
  const [ca, certificate] = await Promise.all([
    read("--peer-ca", peerCa),
    read("--peer-certificate", peerCertificate),
  ]);
  const { text: key } = await readCredentialFile("signer-peer-key", context.path(peerKey));
  return { agreement: peersAgreement({ urls, ca, certificate, key }) };
}

function following(context: CommandContext, { signer }: ServingSigner): () => void {
  return context.onHangup(() => {
    // What went wrong is in the log and in the status.
    signer.reload(context.signal).catch(() => {});
  });
}

/** A heap that stays small: a call's objects live for a millisecond, and V8 would keep room for thousands of them. */
function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--optimize-for-size");
  // What HTTP/2 reads into lies outside of the heap: V8 would let garbage hold 10 MB of it before it looks.
  setFlagsFromString("--external-memory-accounted-in-global-limit");
}

/** Signs until the command is stopped. */
export async function runSigner(context: CommandContext, options: SignerRunOptions): Promise<void> {
  const { clock, signal } = context;
  // The API server refuses a maximum below ten minutes, and asks for no token that lives longer than a year.
  const maxSeconds = secondsOf("--max-token-lifetime", options.maxTokenLifetime, 600, 365 * day);
  const refreshSeconds = secondsOf("--refresh", options.refresh, 1, 3600);
  const issuers = signerIssuers(options.issuer);
  const agreement = await agreementOf(context, options);
  keepHeapSmall();
  const logger = context.logger("info");
  const serving = await serveSigner({
    stateDir: context.path(options.state),
    socket: context.path(options.socket),
    listen: addressOf(options.listen),
    refreshSeconds,
    issuers,
    maxSeconds,
    allowed: options.allowClaim ?? [],
    holders: (options.holder ?? []).map((one) => holderOf(one, logger)),
    ...agreement,
    clock,
    logger,
    signal,
  });
  const unhook = following(context, serving);
  const { host, port } = serving.address;
  logger.info("the signer listens", { socket: options.socket, admin: `${host}:${port}` });
  await untilEnded(signal);
  unhook();
  logger.info("the signer is ending", { reason: errorText(signal.reason) });
  await serving.close();
  logger.info("the signer has ended");
}
