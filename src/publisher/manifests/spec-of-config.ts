import { defined, durationText, errorText, mapped, PodtrustError } from "../../core/base/index.ts";
import {
  acmeInput,
  type Config,
  type DnsConfig,
  publisherOf,
  type S3Config,
  uploadingParties,
} from "../../config/index.ts";
import { readBoundedText } from "../../core/files/index.ts";
import { storeKeyFolder } from "../../providers/kubernetes/index.ts";
import { yamlText } from "../../core/yaml/index.ts";
import { podLayout, type PublisherMode, type PublisherSpec } from "./spec.ts";

/** Command-line options for a publisher in the cluster. */
export type DeploymentChoice = Pick<
  PublisherSpec,
  | "namespace"
  | "name"
  | "image"
  | "replicas"
  | "expose"
  | "apiServerPort"
  | "monitoringNamespaces"
  | "priorityClass"
  | "environmentSecret"
  | "pods"
>;

type Files = Pick<PublisherSpec, "acmeCa" | "acmeFallbackCa">;

const maxFile = 256 * 1024;

function refuse(config: Config, what: string, next: string): never {
  throw new PodtrustError("usage", `${config.file}: ${what}`, { next });
}

async function textOf(path: string): Promise<string> {
  try {
    return await readBoundedText(path, maxFile);
  } catch (cause) {
    throw new PodtrustError(
      "file-unreadable",
      `${path}, which the publisher is to have: ${errorText(cause)}`,
      {
        cause,
      },
    );
  }
}

const listen = {
  https: [`[::]:${podLayout.https}`],
  http: [`[::]:${podLayout.http}`],
} as const;

/** Without files: credentials there come from the environment. */
function dnsInput({ provider }: DnsConfig): object | string {
  if (provider.kind !== "route53") return provider.kind;
  const { assumeRole } = provider.route53;
  return { route53: defined({ assumeRole }) };
}

function s3Input({
  bucket,
  region,
  prefix,
  account,
  assumeRole,
  endpoint,
}: Pick<S3Config, "account" | "assumeRole" | "bucket" | "endpoint" | "prefix" | "region">): object {
  return {
    bucket,
    region,
    ...(prefix === "" ? {} : { prefix }),
    ...defined({ account, assumeRole, endpoint }),
  };
}

/** Backups that the pods write: into a bucket, with the credentials of their environment. */
function backupInput(config: Config): object {
  const { backup } = publisherOf(config);
  if (backup === undefined) return {};
  const { recipients, every, place } = backup;
  if ("folder" in place)
    return refuse(
      config,
      "publisher.backup.folder is lost with the pod that writes into it",
      "Name a bucket in its place: publisher.backup.s3.",
    );
  if (place.s3.credentialsFile !== undefined)
    return refuse(
      config,
      "publisher.backup.s3.credentialsFile is not for pods, whose credentials come from a Secret",
      "Leave it out, and put AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY into that Secret.",
    );
  return { backup: { recipients, every: durationText(every), s3: s3Input(place.s3) } };
}

/** The sections of the pods' config that say how they publish. */
async function sectionsOf(
  config: Config,
  namespace: string,
): Promise<{ sections: object; mode: PublisherMode; files: Files; certificateSecret: string }> {
  const { serve } = publisherOf(config);
  const none = { acmeCa: "", acmeFallbackCa: "" };
  if (serve.kind === "s3")
    return { sections: { s3: s3Input(serve) }, mode: "s3", files: none, certificateSecret: "" };
  if (serve.kind === "insecure-plain-http")
    return refuse(config, "publisher.insecurePlainHttpBehindProxy has no place here", "Publish over https.");
  if (serve.kind === "files")
    return refuse(
      config,
      "publisher.https names files of this machine",
      "Let the publisher order its certificate (acme), or name a Secret of the cluster (certificateSecret).",
    );
  if (serve.kind === "secret") {
    const { certificateSecret } = serve;
    if (certificateSecret.namespace !== namespace)
      return refuse(
        config,
        `the certificate's Secret is in the namespace ${certificateSecret.namespace}, not in ${namespace}`,
        `Have it made in the publisher's namespace, or give --namespace ${certificateSecret.namespace}.`,
      );
    const sections = { https: { listen: listen.https, certificateSecret } };
    return { sections, mode: "https", files: none, certificateSecret: certificateSecret.name };
  }
  const files: Record<string, string> = {};
  const acme = await acmeInput(serve.acme, async (role, path, isSecret) => {
    if (isSecret)
      return refuse(
        config,
        `${path} is a secret, and manifests hold none`,
        "Use a CA without external account binding, or run podtrust serve by manifests of your own.",
      );
    files[role] = await textOf(path);
    return `/etc/podtrust/${role}`;
  });
  const byHttp = serve.acme.challenge === "http-01";
  return {
    sections: { https: { listen: listen.https, ...(byHttp ? { http: listen.http } : {}), acme } },
    mode: byHttp ? "https-and-http" : "https",
    files: {
      ...none,
      acmeCa: files["acme-ca.pem"] ?? "",
      acmeFallbackCa: files["acme-fallback-ca.pem"] ?? "",
    },
    certificateSecret: "",
  };
}

/** The provider that serves the zone, if the name is validated there. */
function proofByDns({ dns, ...config }: Config): object {
  const { serve } = publisherOf(config);
  const needed = serve.kind === "acme" && serve.acme.challenge === "dns-01";
  return needed && dns !== undefined ? { dns: dnsInput(dns) } : {};
}

/**
 * The deployment of a config's publisher in the cluster. Throws `config-without-publisher`, `file-unreadable`, and
 * `usage` for what cannot be deployed.
 */
export async function publisherSpec(config: Config, choice: DeploymentChoice): Promise<PublisherSpec> {
  const { stack, identity, issuer } = config;
  if (choice.pods.hostNetwork)
    refuse(
      config,
      "hostNetwork of the settings of pods is for the operator's webhook: it would open metrics and status to all who reach the node",
      "Leave it out: --expose host-port has the publisher's two ports on its nodes.",
    );
  const uploading = uploadingParties(config);
  if (uploading.length > 0)
    refuse(
      config,
      `keys: upload of the section ${uploading.join(", ")} is not for a publisher in pods: it has no credentials there`,
      "Set keys: fetch, since the pods make the keys public. Or leave publisher out, and let an operator upload them: podtrust manifests operator --keys FILE.",
    );
  const { jwksUri, keyRetention, relyingPartyCache, pollInterval, cacheControl, formerIssuers, distrusted } =
    publisherOf(config);
  const { sections, mode, files, certificateSecret } = await sectionsOf(config, choice.namespace);
  const { namespace, name } = choice;
  const document = {
    stack,
    identity,
    issuer,
    publisher: {
      jwksUri,
      keyRetention: durationText(keyRetention),
      ...defined({ relyingPartyCache: mapped(relyingPartyCache, durationText) }),
      pollInterval: durationText(pollInterval),
      cacheControl,
      ...(formerIssuers.length === 0 ? {} : { formerIssuers }),
      ...(distrusted.length === 0 ? {} : { distrusted }),
      admin: `[::]:${podLayout.admin}`,
      probes: `[::]:${podLayout.probes}`,
      stateDir: podLayout.stateDir,
      store: { secret: { namespace, name }, keyFolder: storeKeyFolder },
      ...backupInput(config),
      ...sections,
    },
    ...proofByDns(config),
  };
  return { ...choice, ...files, mode, certificateSecret, config: yamlText(document) };
}
