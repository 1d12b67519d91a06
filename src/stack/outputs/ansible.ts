import { basename } from "node:path";
import { defined, PodtrustError, shellWord } from "../../core/base/index.ts";
import type { Config } from "../../config/index.ts";
import { yamlText } from "../../core/yaml/index.ts";
import type { Outputs } from "./outputs.ts";
import type { SshAccess } from "../parts/index.ts";

function machineOf({ file, machine }: Config): NonNullable<Config["machine"]> {
  if (machine !== undefined) return machine;
  throw new PodtrustError("machine-absent", `${basename(file)} names no machine`);
}

/** Makes ssh trust the machine's pinned key and no other. */
function sshArguments({ knownHosts, alias, proxyJump }: SshAccess): string {
  const options = [
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=${knownHosts}`,
    "GlobalKnownHostsFile=/dev/null",
    `HostKeyAlias=${alias}`,
    "PasswordAuthentication=no",
    ...(proxyJump === undefined ? [] : [`ProxyJump=${proxyJump}`]),
  ];
  return options.map((option) => `-o ${shellWord(option)}`).join(" ");
}

/**
 * The machine of a stack as an inventory of Ansible: the guide's group `k8s`, its host key pinned. Throws
 * `machine-absent` if there is none yet.
 */
export function ansibleInventory(config: Config, outputs: Outputs, access: SshAccess): string {
  const { stack } = config;
  const { ssh } = machineOf(config);
  const { public_ip: ipv4, public_ipv6: ipv6, ssh_user: user } = outputs;
  const address = ssh?.address ?? ipv4 ?? ipv6;
  if (address === undefined) {
    throw new PodtrustError("machine-absent", `the machine of stack ${stack} does not exist yet`, {
      next: "Make it with podtrust up.",
    });
  }
  const host = {
    ansible_host: address,
    ...(ssh === undefined || ssh.port === 22 ? {} : { ansible_port: ssh.port }),
    ansible_user: user,
    ...defined({ ansible_ssh_private_key_file: access.keyFile }),
    ansible_ssh_common_args: sshArguments(access),
  };
  return yamlText({ k8s: { hosts: { [stack]: host } } });
}

/** The outputs of a stack as variables for Ansible, under the guide's names. */
export function ansibleVars(outputs: Outputs): string {
  return yamlText(outputs);
}
