import { defined, PodtrustError } from "../../core/base/index.ts";
import { readTextFile } from "../../core/command-line/index.ts";
import { readYaml } from "../../core/yaml/index.ts";
import { type SignerDistribution, type SignerFile, signerFiles } from "../../signer/manifests/index.ts";
import { apiServerUrl } from "../options/api-server.ts";
import { signerIssuers } from "../options/signer-issuers.ts";
import type { CommandContext } from "../context.ts";

/** What was typed. */
export interface SignerManifestsOptions {
  readonly distribution: SignerDistribution;
  readonly image?: string;
  readonly program: string;
  readonly issuer: readonly string[];
  readonly manifest?: string;
  readonly peer?: readonly string[];
  readonly holder?: readonly string[];
}

const bounds = { bytes: 256 * 1024, depth: 32, tokens: 20_000 };

/** Each file with its path and the next step, as comments of YAML and of units. */
function sectionOf({ path, text, next }: SignerFile): string {
  return `# ${path ?? "for kubectl, or a command line"}\n# Next: ${next}\n${text}`;
}

async function manifestOf(
  context: CommandContext,
  { distribution, manifest }: SignerManifestsOptions,
): Promise<{ readonly manifest?: unknown }> {
  if (distribution !== "kubeadm") return {};
  if (manifest === undefined)
    throw new PodtrustError("usage", "kubeadm's flags are patched by their values: --manifest is missing", {
      next: "Give a copy of /etc/kubernetes/manifests/kube-apiserver.yaml of a control plane node.",
    });
  const text = await readTextFile(context, {
    option: "--manifest",
    name: manifest,
    maxBytes: bounds.bytes,
    stdin: true,
  });
  const read = readYaml(text, bounds);
  if ("value" in read) return { manifest: read.value };
  const [first] = read.problems;
  throw new PodtrustError(
    "signer-manifest",
    `${manifest}:${first?.line ?? 1} ${first?.message ?? "is no YAML"}`,
  );
}

/** Refuses options that exclude each other, and words that a unit's command line would misread. Throws `usage`. */
function check({ distribution, image, program, issuer, holder = [] }: SignerManifestsOptions): void {
  if (image !== undefined && distribution !== "kubeadm")
    throw new PodtrustError("usage", `${distribution} runs its API server in no static pod of kubeadm's`, {
      next: "Leave --image out: the signer is a systemd unit there.",
    });
  if (image !== undefined && holder.length > 0)
    throw new PodtrustError(
      "usage",
      "--holder is for the systemd unit: the image has no program that holds keys",
      {
        next: "Leave --image out.",
      },
    );
  for (const one of holder)
    if (!/^(?!file=)[a-z][a-z0-9]{1,15}=\/[\w./-]+$/u.test(one))
      throw new PodtrustError("usage", `--holder ${one} is no scheme and program`, {
        next: "Give a name and an absolute path, such as pkcs11=/usr/local/bin/podtrust-pkcs11.",
      });
  // They are written to a unit's command line, which has its own escaping.
  for (const one of issuer)
    if (!/^[\w.:/~-]+$/u.test(one))
      throw new PodtrustError("usage", `--issuer ${one} is no issuer of letters, digits and ._~:/-`);
  if (!/^\/[\w./-]+$/u.test(program))
    throw new PodtrustError("usage", `--program ${program} is no absolute path of letters, digits and ._-/`);
}

/** `podtrust manifests signer`: files of a control plane node, each below where it goes; with `--json` as a list. */
export async function runSignerManifests(
  context: CommandContext,
  options: SignerManifestsOptions,
): Promise<void> {
  const { distribution, image, program, peer = [], holder = [] } = options;
  check(options);
  const files = signerFiles({
    distribution,
    program,
    issuers: signerIssuers(options.issuer),
    peers: peer.map((url) => apiServerUrl("--peer", url)),
    holders: holder,
    ...defined({ image }),
    ...(await manifestOf(context, options)),
  });
  if (context.json) context.output.result({ files });
  else context.output.raw(files.map(sectionOf).join("\n"));
}
