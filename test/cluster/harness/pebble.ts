import { request } from "node:http";
import { buildPrograms, type Programs } from "../build.ts";
import { createAuthority } from "./authority.ts";
import { type ApiAnswer, ask } from "./https.ts";
import { maxWait } from "../../support/until.ts";
import { freePorts } from "./ports.ts";
import { openRun, type Program, type Run, untilReady } from "./run.ts";

export interface PebbleOptions {
  /** Where Pebble asks for HTTP-01: the port of our listener, in place of 80. */
  readonly httpPort: number;
  /** Where it asks for TLS-ALPN-01, in place of 443. */
  readonly tlsPort: number;
  /** Of its own HTTPS; any that is free, by default. */
  readonly port?: number;
  /** `HOST:PORT` of the name service that it asks in place of the one that comes with it. */
  readonly nameServer?: string;
  /** Names and addresses of its own HTTPS beside localhost, for who reaches it from elsewhere. */
  readonly names?: readonly string[];
  /** How many good nonces in a hundred are refused; 30 by default. */
  readonly nonceReject?: number;
  /** How many valid authorizations in a hundred are used again for a new order; 0 by default. */
  readonly authorizationReuse?: number;
  /** Keys (base64url) by their id: new accounts then need an external account binding. */
  readonly externalAccounts?: Readonly<Record<string, string>>;
  readonly profiles?: Readonly<
    Record<string, { readonly description: string; readonly validityPeriod: number }>
  >;
  /** More members of Pebble's configuration. */
  readonly extraConfig?: Readonly<Record<string, unknown>>;
  /** More of Pebble's environment variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The name service that Pebble asks. Every name has the address 127.0.0.1 and no IPv6 one, by default. */
export interface ChallengeDns {
  /** host:port, for another Pebble or a resolver. */
  readonly address: string;
  readonly setAddresses: (host: string, addresses: readonly string[]) => Promise<void>;
  /** `host` with `_acme-challenge.` where that is meant. */
  readonly setTxt: (host: string, value: string) => Promise<void>;
  readonly clearTxt: (host: string) => Promise<void>;
  readonly setCname: (host: string, target: string) => Promise<void>;
  readonly setServfail: (host: string) => Promise<void>;
  readonly clearServfail: (host: string) => Promise<void>;
  /** Any other call of its management interface: `add-caa`, … */
  readonly manage: (call: string, body: unknown) => Promise<void>;
}

/** A real ACME server on loopback, in strict mode. */
export interface Pebble {
  readonly directoryUrl: string;
  /** PEM of the CA of its own HTTPS. */
  readonly tlsCa: string;
  /** PEM of the root under which the certificates it issues stand; another one at every start. */
  readonly root: string;
  readonly dns: ChallengeDns;
  /** Asks Pebble itself, with its CA: a directory, its management interface. */
  readonly ask: (url: string) => Promise<ApiAnswer>;
  /** Where its management interface is: `/roots/0`, `/intermediates/0`, … */
  readonly managementUrl: string;
  /** Its files and logs; gone after `stop`. */
  readonly folder: string;
  /** What Pebble wrote: the last 4,000 characters. */
  readonly output: () => string;
  readonly pids: () => readonly number[];
  readonly stop: () => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

const defaultProfiles = {
  default: { description: "90 days", validityPeriod: 7_776_000 },
  shortlived: { description: "6 days", validityPeriod: 518_400 },
};

function postJson(url: string, body: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { method: "POST", agent: false, signal: AbortSignal.timeout(maxWait) };
    const outgoing = request(url, options, (answer) => {
      answer.resume();
      if (answer.statusCode === 200) resolve();
      else reject(new Error(`${url} answers ${answer.statusCode}`));
    });
    outgoing.on("error", reject);
    outgoing.end(JSON.stringify(body));
  });
}

async function startDns(run: Run, command: string): Promise<{ dns: ChallengeDns; program: Program }> {
  const [port = 0, management = 0] = await freePorts(2);
  const program = await run.start({
    name: "pebble-challtestsrv",
    command,
    args: [
      `-dnsserver=127.0.0.1:${port}`,
      `-management=127.0.0.1:${management}`,
      "-defaultIPv4=127.0.0.1",
      "-defaultIPv6=",
      "-http01=",
      "-https01=",
      "-tlsalpn01=",
      "-doh=",
    ],
  });
  const manage = (call: string, body: unknown): Promise<void> =>
    postJson(`http://127.0.0.1:${management}/${call}`, body);
  await untilReady(program, () => manage("clear-txt", { host: "ready.invalid." }));
  const dotted = (host: string): string => (host.endsWith(".") ? host : `${host}.`);
  const dns: ChallengeDns = {
    address: `127.0.0.1:${port}`,
    manage,
    setAddresses: async (host, addresses) => {
      await manage("clear-a", { host });
      await manage("add-a", { host, addresses });
    },
    setTxt: (host, value) => manage("set-txt", { host: dotted(host), value }),
    clearTxt: (host) => manage("clear-txt", { host: dotted(host) }),
    setCname: (host, target) => manage("set-cname", { host, target }),
    setServfail: (host) => manage("set-servfail", { host }),
    clearServfail: (host) => manage("clear-servfail", { host }),
  };
  return { dns, program };
}

interface Listening {
  readonly acme: number;
  readonly management: number;
  readonly tlsCa: string;
}

async function writeConfig(run: Run, options: PebbleOptions): Promise<Listening & { config: string }> {
  const authority = await createAuthority("podtrust test Pebble HTTPS");
  const pair = await authority.issue({
    commonName: "pebble",
    names: ["localhost", "127.0.0.1", ...(options.names ?? [])],
  });
  const [free = 0, management = 0] = await freePorts(2);
  const acme = options.port ?? free;
  const pebble = {
    listenAddress: `127.0.0.1:${acme}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: run.write("pebble.crt", pair.certificate),
    privateKey: run.write("pebble.key", pair.key),
    httpPort: options.httpPort,
    tlsPort: options.tlsPort,
    externalAccountBindingRequired: options.externalAccounts !== undefined,
    externalAccountMACKeys: options.externalAccounts ?? {},
    retryAfter: { authz: 1, order: 1 },
    keyAlgorithm: "ecdsa",
    profiles: options.profiles ?? defaultProfiles,
    ...options.extraConfig,
  };
  const config = run.write("pebble.json", JSON.stringify({ pebble }));
  return { acme, management, tlsCa: authority.certificate, config };
}

async function startServer(run: Run, programs: Programs, options: PebbleOptions): Promise<Pebble> {
  const { dns, program: names } = await startDns(run, programs["pebble-challtestsrv"]);
  const { acme, management, tlsCa, config } = await writeConfig(run, options);
  const program = await run.start({
    name: "pebble",
    command: programs.pebble,
    args: ["-strict", `-config=${config}`, `-dnsserver=${options.nameServer ?? dns.address}`],
    env: {
      PEBBLE_WFE_NONCEREJECT: String(options.nonceReject ?? 30),
      PEBBLE_AUTHZREUSE: String(options.authorizationReuse ?? 0),
      PEBBLE_VA_NOSLEEP: "1",
      ...options.env,
    },
  });
  const directoryUrl = `https://localhost:${acme}/dir`;
  const managementUrl = `https://localhost:${management}`;
  const asked = (url: string): Promise<ApiAnswer> => ask(url, tlsCa);
  const read = async (url: string): Promise<string> => {
    const { status, text } = await asked(url);
    if (status !== 200) throw new Error(`${url} answers ${status}`);
    return text;
  };
  const root = await untilReady(program, () => read(`${managementUrl}/roots/0`));
  await untilReady(program, () => read(directoryUrl));
  const stop = (): Promise<void> => run.end();
  return {
    directoryUrl,
    tlsCa,
    root,
    dns,
    ask: asked,
    managementUrl,
    folder: run.folder,
    output: () => program.output(),
    pids: () => [names.pid, program.pid],
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Starts Pebble and its name service on free ports of loopback and waits until both answer. */
export async function startPebble(options: PebbleOptions): Promise<Pebble> {
  const programs = await buildPrograms();
  const run = openRun("pebble");
  try {
    return await startServer(run, programs, options);
  } catch (error) {
    await run.end();
    throw error;
  }
}
