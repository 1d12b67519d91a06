import { signerEnvironment, signerPaths } from "./paths.ts";

/** Lines that keep the service from what it has no use for; it stays root, since the socket is the API server's. */
const confined: readonly string[] = [
  "ProtectSystem=strict",
  "ProtectHome=yes",
  "PrivateTmp=yes",
  "NoNewPrivileges=yes",
  "CapabilityBoundingSet=",
  "RestrictSUIDSGID=yes",
  "ProtectKernelTunables=yes",
  "ProtectKernelModules=yes",
  "ProtectKernelLogs=yes",
  "ProtectControlGroups=yes",
  "ProtectClock=yes",
  "ProtectHostname=yes",
  "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "LockPersonality=yes",
  "SystemCallArchitectures=native",
  "SystemCallFilter=@system-service",
  "SystemCallErrorNumber=EPERM",
  // A core holds private keys.
  "LimitCORE=0",
];

/** A systemd unit of the signer that starts before the unit that starts the API server. */
export function signerUnit({
  program,
  before,
  hasHolders,
  options,
}: {
  /** Where podtrust is on the machine: an absolute path. */
  readonly program: string;
  readonly before: string | undefined;
  /** Programs hold keys: they have their settings in a file, and an HSM or a TPM is a device. */
  readonly hasHolders: boolean;
  /** Of `podtrust signer run`. */
  readonly options: readonly string[];
}): string {
  return [
    "[Unit]",
    "Description=podtrust signs the tokens of the Kubernetes API server",
    // An API server that starts without its signer ends after a minute.
    ...(before === undefined ? [] : [`Before=${before}`]),
    // It is never given up: without it no pod gets a token.
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    `ExecStart=${program} signer run ${options.join(" ")}`,
    "ExecReload=/bin/kill -HUP $MAINPID",
    "Restart=always",
    "RestartSec=1s",
    "TimeoutStopSec=20s",
    `StateDirectory=${signerPaths.name}`,
    "StateDirectoryMode=0700",
    "UMask=0077",
    ...Object.entries(signerEnvironment).map(([name, value]) => `Environment=${name}=${value}`),
    ...(hasHolders ? [`EnvironmentFile=-${signerPaths.environment}`] : ["PrivateDevices=yes"]),
    ...confined,
    "MemoryMax=512M",
    "TasksMax=64",
    "",
    "[Install]",
    `WantedBy=${before ?? "multi-user.target"}`,
    ...(before === undefined ? [] : ["WantedBy=multi-user.target"]),
    "",
  ].join("\n");
}
