import { basename, dirname } from "node:path";
import { defined, durationText, mapped } from "../../../core/base/index.ts";
import {
  acmeInput,
  type Config,
  type ListenSpec,
  listenText,
  type PublisherConfig,
  publisherOf,
  publisherTokenFile,
  type ServeConfig,
  uploadingParties,
} from "../../../config/index.ts";
import { PodtrustError } from "../../../core/base/index.ts";
import {
  type ConsentEnvironment,
  type CredentialFileName,
  requireGivenFile,
} from "../../../core/credentials/index.ts";
import { cameWith, readCredentialFile } from "../../../core/files/index.ts";
import { ownershipComment } from "../../../rules/plan/index.ts";
import { yamlText } from "../../../core/yaml/index.ts";
import { type HostLayout, secretsGroup } from "./layout.ts";

/** A file on the machine. */
export interface PublisherFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  readonly owner: string;
  /** As plans call it: `config`, `unit podtrust-publisher.service`. */
  readonly field: string;
}

/** What systemd gives to the running service alone. */
export interface Credential {
  readonly name: string;
  /** The file that it is in, which root alone reads. */
  readonly path: string;
}

/** The publisher's config as the machine has it, and where systemd listens for it. */
export interface HostConfig {
  readonly files: readonly PublisherFile[];
  readonly credentials: readonly Credential[];
  readonly https: readonly ListenSpec[];
  readonly http: readonly ListenSpec[];
  /** Where on the machine it puts backups; absent where it makes none. */
  readonly backupFolder?: string;
}

/** The API server as the machine itself reaches it. */
const apiServer = "https://127.0.0.1:6443";

/** Where a config's files go: what was typed of the machine, for a person who is asked. */
function machineText({ stack, machine }: Config): string {
  const { ssh } = machine ?? {};
  return ssh === undefined
    ? `the machine of stack ${stack}`
    : `the machine ${ssh.user}@${ssh.address}:${ssh.port}`;
}

/** Maps the config's files on this machine to files on the other, and collects what is to be sent. */
class Sent {
  readonly files: PublisherFile[] = [];
  readonly credentials: Credential[] = [];
  readonly #config: Config;
  readonly #layout: HostLayout;
  readonly #environment: ConsentEnvironment;

  constructor(config: Config, layout: HostLayout, environment: ConsentEnvironment) {
    this.#config = config;
    this.#layout = layout;
    this.#environment = environment;
  }

  /** `secret`: the row of the table that the file is one of; absent: nothing secret is in it. */
  async add(role: string, from: string, secret?: CredentialFileName): Promise<string> {
    const access =
      secret === undefined
        ? { mode: 0o644, owner: "root:root" }
        : { mode: 0o640, owner: `root:${secretsGroup}` };
    return this.#add(role, from, access, secret);
  }

  /** The same for what other services of the group must not read; returns the publisher's path to it. */
  async addCredential(name: string, from: string, secret: CredentialFileName): Promise<string> {
    const path = await this.#add(name, from, { mode: 0o600, owner: "root:root" }, secret);
    this.credentials.push({ name, path });
    return `${this.#layout.given}/${name}`;
  }

  /** The text of a file. A secret one has to come with the config, or a person agrees: the machine is the config's too. */
  async #read(from: string, secret: CredentialFileName = "machine-file"): Promise<string> {
    const { text, realPath } = await readCredentialFile(secret, from).catch((cause: unknown) => {
      if (cause instanceof PodtrustError) throw cause;
      const sentence = `${from}, which the publisher is to have: it cannot be read`;
      throw new PodtrustError("file-unreadable", sentence, { cause });
    });
    const given = await cameWith(realPath, dirname(this.#config.file));
    const to = machineText(this.#config);
    await requireGivenFile(
      { credential: secret, path: realPath ?? from, to, cameWith: given },
      this.#environment,
    );
    return text;
  }

  async #add(
    role: string,
    from: string,
    access: Pick<PublisherFile, "mode" | "owner">,
    secret?: CredentialFileName,
  ): Promise<string> {
    const text = await this.#read(from, secret);
    const path = `${this.#layout.files}/${role}`;
    this.files.push({ path, text, field: `file ${basename(path)}`, ...access });
    return path;
  }
}

type OverHttps = Extract<ServeConfig, { readonly kind: "acme" | "files" }>;

async function httpsInput(serve: OverHttps, sent: Sent): Promise<object> {
  const sockets = {
    listen: ["systemd:https"],
    ...(serve.http.length === 0 ? {} : { http: ["systemd:http"] }),
  };
  if (serve.kind === "acme") {
    const acme = await acmeInput(serve.acme, (role, from, isSecret) =>
      sent.add(role, from, isSecret ? "acme-eab" : undefined),
    );
    return { ...sockets, acme };
  }
  const pair = async (role: string, files: { certificateFile: string; keyFile: string }) => ({
    certificateFile: await sent.add(`${role}.crt`, files.certificateFile),
    keyFile: await sent.add(`${role}.key`, files.keyFile, "tls-key"),
  });
  return {
    ...sockets,
    ...(await pair("tls", serve)),
    ...defined({ jwks: await mapped(serve.jwks, (jwks) => pair("jwks", jwks)) }),
  };
}

/** The token by which the machine proves the name itself, and its part of the config; nothing with other challenges. */
async function dnsInput({ dns, file }: Config, serve: OverHttps, sent: Sent): Promise<object> {
  if (dns === undefined || serve.kind !== "acme" || serve.acme.challenge !== "dns-01") return {};
  const { kind } = dns.provider;
  if (kind === "route53") {
    throw new PodtrustError(
      "usage",
      `${file}: a publisher on a machine does not prove its name by dns-01 at Route 53: its program has no SDK of AWS`,
      {
        next: "Use http-01 or tls-alpn-01: the machine answers on ports 80 and 443 itself. Or run podtrust serve elsewhere.",
      },
    );
  }
  const own = publisherTokenFile(dns);
  if (own === undefined) {
    throw new PodtrustError(
      "usage",
      `${file}: challenge dns-01 needs a token of the publisher's own on the machine`,
      {
        next: `Name its file in dns.${kind}.publisherTokenFile, made for this zone alone; or use http-01 or tls-alpn-01, which need none: the machine answers on ports 80 and 443 itself.`,
      },
    );
  }
  return {
    dns: { [kind]: { tokenFile: await sent.addCredential("dns-token", own, "dns-publisher-token") } },
  };
}

/** Its backups, and their part of the config; nothing where it makes none. */
async function backupInput(
  { file, publisher }: Config,
  sent: Sent,
): Promise<Pick<HostConfig, "backupFolder"> & { readonly input: object }> {
  const backup = publisher?.backup;
  if (backup === undefined) return { input: {} };
  const { recipients, every, place } = backup;
  const common = { recipients, every: durationText(every) };
  if ("folder" in place) {
    const { folder, keep } = place;
    return { input: { backup: { ...common, folder, keep, otherFileSystem: true } }, backupFolder: folder };
  }
  const { credentialsFile: from, prefix, bucket, region, account, endpoint } = place.s3;
  if (from === undefined) {
    throw new PodtrustError(
      "usage",
      `${file}: publisher.backup.s3 on a machine that podtrust sets up needs an access key of its own there`,
      {
        next: "Name a file with the key of an IAM user who may put objects there and nothing else, in publisher.backup.s3.credentialsFile.",
      },
    );
  }
  const credentialsFile = await sent.addCredential("backup-credentials", from, "backup-key");
  const s3 = { bucket, region, ...(prefix === "" ? {} : { prefix }), ...defined({ account, endpoint }) };
  return { input: { backup: { ...common, s3: { ...s3, credentialsFile } } } };
}

function overHttps(config: Config): OverHttps {
  const { serve, store, distrustSecret } = publisherOf(config);
  const uploading = uploadingParties(config);
  if (uploading.length > 0) {
    throw new PodtrustError(
      "usage",
      `${config.file}: keys: upload of the section ${uploading.join(", ")} is not for a publisher on a machine that podtrust sets up: it has no credentials there`,
      {
        next: "Set keys: fetch, since the machine makes the keys public. Or leave publisher out, and let an operator in the cluster upload them: podtrust manifests operator --keys FILE.",
      },
    );
  }
  if (distrustSecret !== undefined) {
    throw new PodtrustError(
      "usage",
      `${config.file}: publisher.distrustSecret does not outlive the machine, since the cluster's data lie on it too`,
      { next: "List the key IDs in publisher.distrusted: podtrust rotate distrust prints the line." },
    );
  }
  if (store !== undefined || serve.kind === "secret") {
    const inCluster = store === undefined ? "publisher.https.certificateSecret" : "publisher.store";
    throw new PodtrustError("usage", `${config.file}: ${inCluster} is for a publisher in the cluster`, {
      next: "Leave it out, or deploy the publisher there: podtrust manifests publisher.",
    });
  }
  if (serve.kind === "acme" || serve.kind === "files") return serve;
  const what = serve.kind === "s3" ? "publisher.s3" : "publisher.insecurePlainHttpBehindProxy";
  throw new PodtrustError("usage", `${config.file}: ${what} is not for a machine that podtrust sets up`, {
    next: "Publish over https there, or leave machine out and run podtrust serve where you like.",
  });
}

/** Addresses for systemd; names of sockets are systemd's own, and mean the default port. */
function streams(addresses: readonly ListenSpec[], port: number): readonly ListenSpec[] {
  const own = addresses.filter((address) => !("systemd" in address));
  return own.length === 0 && addresses.length > 0 ? [{ host: "::", port }] : own;
}

const shortText = (address: PublisherConfig["admin"]): string | false =>
  address === false ? false : listenText(address);

/**
 * The publisher's section of a config as the machine needs it: with the machine's own cluster, sockets and file names,
 * and each file that it names. Throws `config-without-publisher`, `file-unreadable`, `credential-elsewhere`, and `usage` for what is not served
 * from a machine.
 */
export async function hostConfig(
  config: Config,
  layout: HostLayout,
  environment: ConsentEnvironment,
): Promise<HostConfig> {
  const { stack, identity, issuer } = config;
  const publisher = publisherOf(config);
  const serve = overHttps(config);
  const sent = new Sent(config, layout, environment);
  const { input: backup, backupFolder } = await backupInput(config, sent);
  const document = {
    stack,
    identity,
    issuer,
    publisher: {
      source: { server: apiServer, tokenFile: layout.token, caFile: layout.clusterCa },
      jwksUri: publisher.jwksUri,
      keyRetention: durationText(publisher.keyRetention),
      ...defined({ relyingPartyCache: mapped(publisher.relyingPartyCache, durationText) }),
      pollInterval: durationText(publisher.pollInterval),
      cacheControl: publisher.cacheControl,
      ...(publisher.formerIssuers.length === 0 ? {} : { formerIssuers: publisher.formerIssuers }),
      ...(publisher.distrusted.length === 0 ? {} : { distrusted: publisher.distrusted }),
      admin: shortText(publisher.admin),
      ...backup,
      https: await httpsInput(serve, sent),
    },
    ...(await dnsInput(config, serve, sent)),
  };
  const text = `# ${ownershipComment.of(config)}\n# Written by podtrust up; what is changed here is put back.\n${yamlText(document)}`;
  const file = { path: layout.config, text, mode: 0o644, owner: "root:root", field: "config" };
  return {
    files: [...sent.files, file],
    credentials: sent.credentials,
    https: streams(serve.https, 443),
    http: streams(serve.http, 80),
    ...defined({ backupFolder }),
  };
}
