import type { CatalogueEntry } from "../entry.ts";

/** Errors about the machine that the cluster runs on, and the SSH connection to it. */
export const hostErrors = {
  "ssh-missing": {
    summary: "There is no ssh on this machine.",
    next: "Install OpenSSH's client (Debian: openssh-client), then run the same command.",
  },
  "ssh-unreachable": {
    summary: "The machine cannot be reached on its SSH port: refused, no answer, or no such name.",
    next: "Check that it runs, its address and port, and that a firewall lets your address through.",
  },
  "ssh-host-key": {
    summary: "The machine shows another host key than the pinned one: it may be another machine.",
    next: "Compare the key on the machine's console; change what is pinned only if you know why it changed.",
  },
  "ssh-host-key-unknown": {
    summary: "The host key of the machine is not known.",
    next: "Set machine.ssh.hostKey to what ssh-keygen -lf prints of its key, read on the machine's console.",
  },
  "ssh-denied": {
    summary: "The machine accepts none of the keys that were offered.",
    next: "Load the key into an agent (ssh-add), or name it in machine.sshKey.",
  },
  "ssh-lost": {
    summary: "The connection to the machine was lost while something was done there.",
    next: "Run the same command again: it looks at what is there and continues.",
  },
  "ssh-failed": {
    summary: "ssh failed for another reason; its own words are in the message.",
    next: "Try the same by hand with podtrust ssh, and read ssh(1).",
  },
  "host-not-root": {
    summary: "The user on the machine may not become root without a password.",
    next: "Log in as root, or let the user run sudo without a password (NOPASSWD in /etc/sudoers.d).",
  },
  "host-unsupported": {
    summary: "The machine is not one that podtrust can set up.",
    next: "Use Debian 12 or newer, or Ubuntu 22.04 or newer, on x86-64 or ARM64.",
  },
  "host-command-failed": {
    summary: "A step on the machine failed; its last words are in the message.",
    next: "Look at the words; podtrust ssh leads to the machine. Then run the same command again: it continues.",
  },
  "host-wait-missed": {
    summary: "Something on the machine did not happen in time; the end of its log is in the message.",
    next: "Look at podtrust logs k3s; run the same command again to keep waiting.",
  },
  "host-path-refused": {
    summary:
      "Others than root can change a file, or what its path leads to, that podtrust would use as root.",
    next: "Look at who made it, and give it to root alone: chown root PATH && chmod go-w PATH.",
  },
  "host-disk-full": {
    summary: "There is no room left on the machine's disk.",
    next: "Make room there (podtrust ssh -- df -h), then run the same command again.",
  },
  "host-download": {
    summary: "The machine could not download a file, or what it got is not the file that was pinned.",
    next: "Check that the machine reaches the address; or download it here and name it as archive beside its version in the config.",
  },
  "host-checksum": {
    summary:
      "There is no checksum for the machine's architecture of what is to be installed, or the file given does not match it.",
    next: "Set sha256 beside its version in the config to the value in the release's checksum file.",
  },
  "host-taken": {
    summary: "Something that podtrust would install is on the machine already, and is not podtrust's.",
    next: "Move it away on the machine, or leave it out of the config.",
  },
  "k3s-overridden": {
    summary:
      "The API server runs with other flags than podtrust wrote: something else on the machine overrides them.",
    next: "Take the named lines out of that file, or write its lists with key+ in place of key; then run it again.",
  },
  "machine-kubeconfig": {
    summary:
      "The kubeconfig on the machine holds what k3s does not write there: it could run programs on this one, so nothing of it was used.",
    next: "Find out who changed it. k3s writes it anew when it starts: podtrust ssh -- sudo systemctl restart k3s. A kubeconfig of your own is named in the config as cluster.kubeconfig.",
  },
  "machine-absent": {
    summary: "The config names no machine, or the machine is not there yet.",
    next: "Add a machine to the config, and run podtrust up.",
  },
} as const satisfies Record<string, CatalogueEntry>;
