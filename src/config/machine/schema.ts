import { isIP } from "node:net";
import { z } from "zod";
import { defined } from "../../core/base/index.ts";
import { file, httpsUrl, list, section, text } from "../forms/leaf.ts";
import type { Cni } from "./config.ts";
import { newestCilium, newestK3s } from "./releases.ts";

export interface SshMachineInput {
  address: string;
  user: string;
  port?: number | undefined;
  hostKey?: string | undefined;
  proxyJump?: string | undefined;
}

export interface HetznerInput {
  type: string | string[];
  location: string | string[];
  image?: string | undefined;
  tokenFile?: string | undefined;
  ipv4?: boolean | undefined;
  ipv6?: boolean | undefined;
  sshFrom?: string[] | undefined;
  addressServices?: string[] | undefined;
}

export interface CiliumCliInput {
  version: string;
  sha256?: { amd64?: string | undefined; arm64?: string | undefined } | undefined;
  archive?: string | undefined;
}

export interface MachineInput {
  hetzner?: HetznerInput | undefined;
  ssh?: SshMachineInput | undefined;
  user?: string | undefined;
  protect?: boolean | undefined;
  sshKey?: string | undefined;
  k3s?:
    | {
        version?: string | undefined;
        sha256?: { amd64?: string | undefined; arm64?: string | undefined } | undefined;
        archive?: string | undefined;
      }
    | undefined;
  cni?: Cni | undefined;
  cilium?:
    | {
        version?: string | undefined;
        sha256?: string | undefined;
        archive?: string | undefined;
        cli?: CiliumCliInput | undefined;
      }
    | undefined;
  apiFrom?: string[] | undefined;
}

// What begins with a hyphen would be an option of ssh.
const userForm = /^[a-z_][a-z0-9_-]{0,31}$/u;
const userAccepted = "a user's name of lower-case letters, digits, _ and -, at most 32 characters";

const port = z
  .int({ error: "a port from 1 to 65535" })
  .min(1, { error: "a port from 1 to 65535" })
  .max(65_535, { error: "a port from 1 to 65535" })
  .meta({
    description: "The port of its sshd. Accepted: a port from 1 to 65535. Default: 22.",
    examples: [22],
  });

/** An existing machine, and how it is reached. */
export const sshMachine = (what: string): z.ZodType<SshMachineInput> =>
  section(what, {
    address: text(
      {
        what: "Where it is.",
        accepted: "a name or an IP address",
        example: "203.0.113.7",
      },
      /^[A-Za-z0-9:][A-Za-z0-9_.:-]{0,252}$/u,
    ),
    user: text(
      {
        what: "The login user: root, or a user who may run sudo without a password.",
        accepted: userAccepted,
        example: "k8s",
      },
      userForm,
    ),
    port: port.optional(),
    hostKey: text(
      {
        what: "The fingerprint of its host key, as ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub prints it there.",
        accepted: "SHA256: and 43 characters of base64",
        standard: "the key that your own ~/.ssh/known_hosts has",
        example: "SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDnvcQzNhOxzRbHoTw",
      },
      /^SHA256:[A-Za-z0-9+/]{43}$/u,
    ).optional(),
    proxyJump: text(
      {
        what: "A machine on the way there.",
        accepted: "[USER@]HOST[:PORT], as ssh -J takes it",
        example: "ops@bastion.example.com",
      },
      /^[A-Za-z0-9_[][A-Za-z0-9_.:@[\],-]{0,252}$/u,
    ).optional(),
  });

const ssh = sshMachine(
  "A machine that is there already: Debian or Ubuntu with systemd, reached by the system's ssh.",
);

const cidr = z.string({ error: "a range of addresses such as 203.0.113.0/24" }).refine(
  (value) => {
    const [address = "", bits = "", ...rest] = value.split("/");
    const max = isIP(address) === 4 ? 32 : 128;
    return isIP(address) !== 0 && /^\d{1,3}$/u.test(bits) && Number(bits) <= max && rest.length === 0;
  },
  { error: "a range of addresses such as 203.0.113.0/24" },
);

const flag = (what: string, standard: boolean): z.ZodBoolean =>
  z.boolean({ error: "true or false" }).meta({
    description: `${what} Accepted: true or false. Default: ${standard}.`,
    examples: [standard],
  });

const name = (what: string, accepted: string, example: string, standard?: string): z.ZodString =>
  text({ what, accepted, example, ...defined({ standard }) }, /^[a-z0-9][a-z0-9.-]{0,62}$/u);

/** One name, or several in the order in which they are tried. */
const tried = (what: string, accepted: string, example: string): z.ZodType<string | string[]> =>
  z
    .union(
      [
        name(what, accepted, example),
        list(
          {
            what: "Several, in the order in which they are tried for a new machine.",
            accepted: `${accepted}, or a list of them`,
          },
          name("One of them.", accepted, example),
          { min: 1, max: 20 },
        ),
      ],
      { error: `${accepted}, or a list of them` },
    )
    .meta({
      description: `${what} Accepted: ${accepted}, or a list of them, tried in order where one is sold out.`,
      examples: [example],
    });

const hetzner: z.ZodType<HetznerInput> = section("A machine that is rented from Hetzner Cloud.", {
  type: tried("The server type. Another one later means another machine.", "a type such as cax11", "cax11"),
  location: tried("Where it stands.", "a location such as nbg1", "nbg1"),
  image: name(
    "The system that it boots first, for the type's architecture.",
    "a system image such as ubuntu-24.04 or debian-13",
    "ubuntu-24.04",
    "ubuntu-24.04",
  ).optional(),
  tokenFile: file("A file with the token. Default: the variable HCLOUD_TOKEN.", "hetzner.token").optional(),
  ipv4: flag("Whether it has a public IPv4 address, which costs extra.", true).optional(),
  ipv6: flag("Whether it has a public IPv6 address.", true).optional(),
  sshFrom: list(
    {
      what: "Who may reach port 22.",
      accepted: "a list of networks such as 203.0.113.7/32",
      standard: "the addresses that this machine has on the Internet",
      example: ["203.0.113.7/32"],
    },
    cidr,
    { min: 1, max: 100 },
  ).optional(),
  addressServices: list(
    {
      what: "Who is asked for this machine's address, where sshFrom is left out.",
      accepted: "a list of https URLs that answer with an address and nothing else",
      standard: "https://checkip.amazonaws.com and https://ipv6.icanhazip.com",
      example: ["https://checkip.amazonaws.com"],
    },
    httpsUrl({ what: "A service.", accepted: "an https URL" }),
    { min: 1, max: 10 },
  ).optional(),
});

const sha256 = (what: string): z.ZodString =>
  text({ what, accepted: "64 lower-case hexadecimal digits" }, /^[0-9a-f]{64}$/u);

const binarySha256 = (architecture: string): z.ZodString =>
  sha256(`SHA-256 of the release's binary for ${architecture}, from its sha256sum-${architecture}.txt.`);

const cliSha256 = (architecture: string): z.ZodString =>
  sha256(
    `SHA-256 of the release's archive for ${architecture}, from its cilium-linux-${architecture}.tar.gz.sha256sum.`,
  );

const k3s = section(
  "Which k3s runs on it. The binary is checked against its SHA-256 before it is put in place.",
  {
    version: text(
      {
        what: "The release. Left out: a k3s that runs stays at its own; a new machine gets the default. An upgrade goes one minor at a time.",
        accepted: "a release's name such as v1.36.4+k3s1",
        standard: newestK3s.version,
        example: newestK3s.version,
      },
      /^v\d{1,2}\.\d{1,3}\.\d{1,3}(?:-rc\d{1,2})?\+k3s\d{1,2}$/u,
    ).optional(),
    sha256: section(`Its checksums. Default: known for ${newestK3s.version}; needed for any other.`, {
      amd64: binarySha256("amd64").optional(),
      arm64: binarySha256("arm64").optional(),
    }).optional(),
    archive: file(
      "The release's binary on this machine, sent over SSH where the host cannot download it. Its SHA-256 is still checked.",
      "k3s-arm64",
    ).optional(),
  },
);

const ciliumCli: z.ZodType<CiliumCliInput> = section(
  "The cilium command on the machine, with its completion: what cilium status and cilium connectivity test are typed with. Left out: there is none.",
  {
    version: text(
      {
        what: "The release of cilium/cilium-cli.",
        accepted: "a release's name such as v0.18.7",
        example: "v0.18.7",
      },
      /^v\d{1,2}\.\d{1,3}\.\d{1,3}$/u,
    ),
    sha256: section("Its checksums; that of the machine's architecture is needed.", {
      amd64: cliSha256("amd64").optional(),
      arm64: cliSha256("arm64").optional(),
    }).optional(),
    archive: file(
      "The release's .tar.gz on this machine, sent over SSH where the host cannot download it. Its SHA-256 is still checked.",
      "cilium-linux-arm64.tar.gz",
    ).optional(),
  },
);

const cilium = section("Which Cilium makes the pods' network. Its chart is pinned by SHA-256.", {
  version: text(
    {
      what: "The chart's version.",
      accepted: "a version such as 1.20.0",
      standard: newestCilium.version,
      example: newestCilium.version,
    },
    /^\d{1,2}\.\d{1,3}\.\d{1,3}$/u,
  ).optional(),
  sha256: text(
    {
      what: "SHA-256 of the chart's .tgz, as the index of helm.cilium.io has it under digest.",
      accepted: "64 lower-case hexadecimal digits",
      standard: `known for ${newestCilium.version}; needed for any other`,
    },
    /^[0-9a-f]{64}$/u,
  ).optional(),
  archive: file(
    "The chart on this machine, sent over SSH where the host cannot download it.",
    "cilium.tgz",
  ).optional(),
  cli: ciliumCli.optional(),
});

/** The machine that the cluster runs on. */
export const machine: z.ZodType<MachineInput> = section(
  "The machine that k3s runs on. Left out: the cluster is already there.",
  {
    hetzner: hetzner.optional(),
    ssh: ssh.optional(),
    protect: flag("Whether podtrust refuses to delete or replace it.", false).optional(),
    user: text(
      {
        what: "The user of the machine that has kubectl.",
        accepted: userAccepted,
        standard: "machine.ssh.user, else k8s",
        example: "k8s",
      },
      userForm,
    ).optional(),
    sshKey: file(
      "The public key that may log in (its private half lies beside it, or in an agent). Default: your agent, or ssh's default keys.",
      "~/.ssh/id_ed25519.pub",
    ).optional(),
    k3s: k3s.optional(),
    cni: z
      .enum(["cilium", "flannel"], { error: "cilium or flannel" })
      .meta({
        description:
          "What the pods' network is made of. With cilium pods are denied the cloud's metadata address. Accepted: cilium or flannel. Default: cilium.",
      })
      .optional(),
    cilium: cilium.optional(),
    apiFrom: list(
      {
        what: "Who may reach the Kubernetes API on port 6443.",
        accepted: "a list of ranges of addresses",
        standard: "closed; podtrust kubectl goes through SSH",
        example: ["203.0.113.0/24"],
      },
      cidr,
      { max: 50 },
    ).optional(),
  },
);
