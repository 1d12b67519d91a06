import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildProgram } from "../build.ts";
import { createAuthority } from "./authority.ts";
import { freePorts } from "./ports.ts";
import { openRun, type Program, type Run, untilReady } from "./run.ts";
import { ask } from "./https.ts";

/** Credentials of an S3 user. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface S3ServerOptions {
  readonly region?: string;
  /** Buckets are also hosts below this one, as at AWS: `BUCKET.s3.eu-central-1.amazonaws.com`. */
  readonly domain?: string;
}

/** A real S3 server on loopback, over TLS. */
export interface S3Server {
  /** https://127.0.0.1:PORT, for AWS_ENDPOINT_URL_S3. */
  readonly endpoint: string;
  readonly port: number;
  readonly region: string;
  /** PEM of the CA that its certificate stands under. */
  readonly ca: string;
  /** The same in a file, for NODE_EXTRA_CA_CERTS and AWS_CA_BUNDLE. */
  readonly caFile: string;
  readonly root: S3Credentials;
  /** Somebody without rights: a bucket's policy names him by his access key. */
  readonly user: S3Credentials;
  /** The server's access log: a line for each request, as S3 writes them. */
  readonly log: () => readonly string[];
  readonly output: () => string;
  /** Ends the server; its buckets stay. */
  readonly halt: () => Promise<void>;
  /** Starts it again on the same port. */
  readonly resume: () => Promise<void>;
  readonly stop: () => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

interface S3Settings {
  readonly port: number;
  readonly region: string;
  readonly root: S3Credentials;
  readonly user: S3Credentials;
  readonly logFile: string;
  readonly args: readonly string[];
  readonly ca: string;
}

async function prepare(run: Run, options: S3ServerOptions): Promise<S3Settings> {
  const { region = "eu-central-1", domain = `s3.${region}.amazonaws.com` } = options;
  const authority = await createAuthority("podtrust test S3");
  const names = ["127.0.0.1", "localhost", domain, `*.${domain}`];
  const pair = await authority.issue({ commonName: "s3", names });
  const [port = 0] = await freePorts(1);
  const folders = ["data", "users"].map((name) => join(run.folder, name));
  for (const folder of folders) mkdirSync(folder);
  const [data = "", users = ""] = folders;
  const root = { accessKeyId: "ROOTROOTROOTROOT", secretAccessKey: "root-secret-of-a-test-server" };
  const user = { accessKeyId: "PUBLISHERPUBLISHER", secretAccessKey: "publisher-secret-of-a-test-server" };
  const account = { access: user.accessKeyId, secret: user.secretAccessKey, role: "user" };
  const accounts = { accessAccounts: { [user.accessKeyId]: account } };
  writeFileSync(join(users, "users.json"), JSON.stringify(accounts), { mode: 0o600 });
  const logFile = join(run.folder, "access.log");
  const args = [
    `--port=127.0.0.1:${port}`,
    `--region=${region}`,
    `--virtual-domain=${domain}`,
    `--cert=${run.write("s3.crt", pair.certificate)}`,
    `--key=${run.write("s3.key", pair.key)}`,
    `--iam-dir=${users}`,
    `--access-log=${logFile}`,
    "--quiet",
    "posix",
    data,
  ];
  return { port, region, root, user, logFile, args, ca: authority.certificate };
}

async function begin(run: Run, command: string, place: S3Settings): Promise<Program> {
  const program = await run.start({
    name: "versitygw",
    command,
    args: place.args,
    env: { ROOT_ACCESS_KEY_ID: place.root.accessKeyId, ROOT_SECRET_ACCESS_KEY: place.root.secretAccessKey },
  });
  await untilReady(program, () => ask(`https://127.0.0.1:${place.port}/`, place.ca));
  return program;
}

/** Starts versitygw on a free port of loopback over folders of its own and waits until it answers. */
export async function startS3(options: S3ServerOptions = {}): Promise<S3Server> {
  const versitygw = await buildProgram("versitygw");
  const run = openRun("s3");
  try {
    const place = await prepare(run, options);
    let program = await begin(run, versitygw, place);
    const { port, region, root, user, logFile, ca } = place;
    const stop = (): Promise<void> => run.end();
    return {
      endpoint: `https://127.0.0.1:${port}`,
      port,
      region,
      ca,
      caFile: run.write("ca.crt", ca),
      root,
      user,
      log: () => readFileSync(logFile, "utf8").split("\n").filter(Boolean),
      output: () => program.output(),
      halt: () => program.stop(),
      async resume() {
        program = await begin(run, versitygw, place);
      },
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await run.end();
    throw error;
  }
}
