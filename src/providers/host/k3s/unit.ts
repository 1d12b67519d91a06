import { stackRemark } from "../../../rules/plan/index.ts";
import type { HostFile } from "./spec.ts";

export const unitPath = "/etc/systemd/system/k3s.service";

/**
 * The unit of k3s's server, after the one that its install.sh writes: k3s notifies systemd when it is ready, its pods
 * outlive a restart (KillMode=process), and it delegates cgroups. How long a start may take is bounded by the caller's
 * wait.
 */
export function unitFile(stack: string): HostFile {
  const text = `# ${stackRemark(stack)}
[Unit]
Description=Lightweight Kubernetes
Documentation=https://docs.k3s.io
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
EnvironmentFile=-/etc/default/%N
EnvironmentFile=-/etc/sysconfig/%N
EnvironmentFile=-/etc/systemd/system/k3s.service.env
KillMode=process
Delegate=yes
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
TimeoutStartSec=0
Restart=always
RestartSec=5s
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStartPre=-/sbin/modprobe overlay
ExecStart=/usr/local/bin/k3s server

[Install]
WantedBy=multi-user.target
`;
  return { path: unitPath, text, mode: 0o644 };
}
