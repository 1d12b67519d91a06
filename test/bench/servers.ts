import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StandInCluster } from "../../src/sandbox/index.ts";
import type { TestCertificate } from "../support/certificates.ts";
import { freePort } from "../support/free-port.ts";
import { certificateFiles, end, startPublisherProcess } from "../support/publisher-process.ts";
import { type Measured, onServersCore, output, startPinned } from "./process.ts";

const root = join(import.meta.dirname, "../..");
// Below the project, so that its packages are found.
const built = join(root, ".cache/bench");

/**
 * Builds the package as users install it: stripping types at start costs memory that no user pays. Gives the
 * command's file.
 */
export async function buildPackage(): Promise<string> {
  await mkdir(built, { recursive: true });
  await copyFile(join(root, "package.json"), join(built, "package.json"));
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const outDir = join(built, "dist");
  await output(process.execPath, [compiler, "-p", join(root, "tsconfig.build.json"), "--outDir", outDir]);
  return join(outDir, "cli/main.js");
}

/** What both servers serve, and with which certificate. */
export interface Stage {
  /** The publisher's program. */
  readonly program: string;
  readonly folder: string;
  readonly issuer: string;
  readonly tls: TestCertificate;
  readonly cluster: StandInCluster;
}

export interface MeasuredPublisher extends Measured {
  readonly stateDir: string;
}

/** `podtrust serve`, the command as it is installed, reading a stand-in cluster; `flags` are Node's. */
export async function startMeasuredPublisher(
  stage: Stage,
  flags: readonly string[] = [],
): Promise<MeasuredPublisher> {
  const { program, folder, issuer, tls, cluster } = stage;
  const https = await certificateFiles(folder, tls);
  const stack = { stack: "bench", issuer, kubeconfig: cluster.kubeconfig("publisher"), https };
  // taskset becomes the program that it starts.
  const command = [...onServersCore, process.execPath, ...flags, program];
  const publisher = await startPublisherProcess({ command, folder, stacks: [stack] });
  return { name: "podtrust", ...publisher };
}

const configOf = (folder: string, port: number): string => `
${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 4096; }
http {
  access_log off; server_tokens off; sendfile on; tcp_nopush on;
  keepalive_timeout 60; keepalive_requests 100000000;
  open_file_cache max=100; etag on;
  client_body_temp_path ${folder}/t1; proxy_temp_path ${folder}/t2; fastcgi_temp_path ${folder}/t3;
  uwsgi_temp_path ${folder}/t4; scgi_temp_path ${folder}/t5;
  server {
    listen 127.0.0.1:${port} ssl http2;
    server_name oidc.example.test;
    ssl_certificate ${folder}/tls.crt; ssl_certificate_key ${folder}/tls.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    root ${folder}/www;
    location = /openid/v1/jwks { default_type application/jwk-set+json; }
    location = /.well-known/openid-configuration { default_type application/json; }
    add_header Cache-Control "public, max-age=60";
    add_header Strict-Transport-Security "max-age=31536000";
    add_header X-Content-Type-Options nosniff;
    add_header Vary Accept-Encoding;
  }
}
`;

async function workerOf(master: number): Promise<number> {
  for (let wait = 0; wait < 100; wait += 1) {
    const children = await readFile(`/proc/${master}/task/${master}/children`, "utf8").catch(() => "");
    if (children.trim() !== "") return Number(children.trim().split(" ")[0]);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("nginx started no worker");
}

/** nginx with one worker on the same documents, certificate and headers. */
export async function startNginx(folder: string, jwks: string): Promise<Measured> {
  await mkdir(join(folder, "www/openid/v1"), { recursive: true });
  await writeFile(join(folder, "www/openid/v1/jwks"), jwks);
  const port = await freePort();
  const config = join(folder, "nginx.conf");
  await writeFile(config, configOf(folder, port));
  const child = startPinned(["nginx", "-c", config, "-p", folder, "-e", join(folder, "error.log")]);
  const pid = await workerOf(child.pid ?? 0);
  return { name: "nginx", port, pid, close: () => end(child) };
}

/** Versions of what was measured, as the page names them. */
export async function versions(): Promise<readonly string[]> {
  const nginx = (await output("nginx", ["-v"])).trim().replace("nginx version: ", "");
  const h2load = (await output("h2load", ["--version"])).trim();
  return [`Node ${process.version}`, nginx, h2load];
}
