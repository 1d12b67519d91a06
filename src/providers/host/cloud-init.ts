import type { SshKeyPair } from "./host-key.ts";

/** The settings for a machine's first boot. */
export interface FirstBootSpec {
  readonly hostname: string;
  /** The guide's user: logs in, and becomes root by sudo. */
  readonly user: string;
  /** In OpenSSH's form. */
  readonly publicKey: string;
  /** The host key for the first connection, in which it is replaced. */
  readonly hostKey: SshKeyPair;
}

/** Lets in the user alone, and not by a password. The first value of an option counts, and ours is read early. */
function sshdConfig(user: string): string {
  return [
    "# Written by podtrust.",
    "PermitRootLogin no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    `AllowUsers ${user}`,
    "",
  ].join("\n");
}

/**
 * User data for cloud-init: the user with its key, the pinned host key and no other, root and passwords shut out before
 * sshd is first started. It installs nothing. The host key in it can be read on the machine by any process that reaches
 * the cloud's metadata address, so it is replaced in the first connection. JSON is YAML 1.2, so the text is both.
 */
export function cloudInit({ hostname, user, publicKey, hostKey }: FirstBootSpec): string {
  const config = {
    hostname,
    preserve_hostname: false,
    users: [
      {
        name: user,
        groups: ["adm", "sudo"],
        sudo: "ALL=(ALL) NOPASSWD:ALL",
        shell: "/bin/bash",
        lock_passwd: true,
        ssh_authorized_keys: [publicKey],
      },
    ],
    disable_root: true,
    ssh_pwauth: false,
    ssh_deletekeys: true,
    // With keys given, cloud-init makes none of its own.
    ssh_keys: { ed25519_private: hostKey.privateKey, ed25519_public: `${hostKey.publicKey}\n` },
    no_ssh_fingerprints: true,
    write_files: [
      { path: "/etc/ssh/sshd_config.d/10-podtrust.conf", permissions: "0644", content: sshdConfig(user) },
    ],
    package_update: false,
    package_upgrade: false,
  };
  return `#cloud-config\n${JSON.stringify(config, undefined, 1)}\n`;
}
