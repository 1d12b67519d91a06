import { type ListenSpec, listenText } from "../../../config/index.ts";
import type { Credential } from "./config-file.ts";
import { type HostLayout, publisherState, secretsGroup, tokenState, unitNames } from "./layout.ts";

/** What the units of a publisher depend on. */
export interface UnitsSpec {
  readonly stack: string;
  readonly layout: HostLayout;
  /** Where systemd listens for HTTPS, and for the CA's HTTP-01; nowhere for the second with other challenges. */
  readonly https: readonly ListenSpec[];
  readonly http: readonly ListenSpec[];
  readonly credentials: readonly Credential[];
  /** An administrator's kubeconfig on that machine, which root alone reads. */
  readonly adminKubeconfig: string;
  /** Where it puts backups: letters, digits and `. _ + @ -` between slashes. */
  readonly backupFolder?: string;
}

/** Lines of a unit's section; comments stay here, in the code. */
type Section = readonly string[];

function unitText(sections: Readonly<Record<string, Section>>): string {
  return Object.entries(sections)
    .map(([name, lines]) => `[${name}]\n${lines.join("\n")}\n`)
    .join("\n");
}

/**
 * What both services are denied. Each line was proven on a booted machine; left out are MemoryDenyWriteExecute (V8
 * writes machine code: Node crashes) and PrivateNetwork.
 */
const confined: Section = [
  // The file system: all of it read-only but the state folder; no home folders, a /tmp of its own, no devices.
  "ProtectSystem=strict",
  "ProtectHome=yes",
  "PrivateTmp=yes",
  "PrivateDevices=yes",
  "DevicePolicy=closed",
  "PrivateMounts=yes",
  // Nothing that it starts gets more rights than it has itself, and it has none of root's.
  "NoNewPrivileges=yes",
  "CapabilityBoundingSet=",
  "AmbientCapabilities=",
  "PrivateUsers=yes",
  "RestrictSUIDSGID=yes",
  // The kernel: no tunables, modules, log, control groups, clock or host name.
  "ProtectKernelTunables=yes",
  "ProtectKernelModules=yes",
  "ProtectKernelLogs=yes",
  "ProtectControlGroups=yes",
  "ProtectClock=yes",
  "ProtectHostname=yes",
  // Other processes are not seen, nor anything in /proc but processes. Node then knows no processors, and needs none.
  "ProtectProc=invisible",
  "ProcSubset=pid",
  // AF_UNIX for the notifications to systemd, and the control socket; no netlink, no raw packets.
  "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "LockPersonality=yes",
  "KeyringMode=private",
  "RemoveIPC=yes",
  // The calls of typical services, without those that change the system or other processes. A refused call fails and
  // kills no process: libuv tries some and works without them.
  "SystemCallArchitectures=native",
  "SystemCallFilter=@system-service",
  "SystemCallFilter=~@privileged @resources @mount @swap @reboot @debug @cpu-emulation @obsolete",
  "SystemCallErrorNumber=EPERM",
  // A core holds private keys.
  "LimitCORE=0",
];

/**
 * What lets the service also write into the folder of its backups. No RequiresMountsFor: where that disk or share is
 * missing, documents are still served, and the program reports that no backup is written. What is mounted later is
 * seen.
 */
function writesInto({ state }: HostLayout, folder: string | undefined): Section {
  if (folder === undefined) return [];
  return [
    // The folder outlives the service's user, who may be another on another machine. systemd gives that one the state.
    `ExecStartPre=-+/bin/chown --no-dereference --reference=${state} ${folder}`,
    `ReadWritePaths=-${folder}`,
  ];
}

function publisherService({ stack, layout, http, credentials, backupFolder }: UnitsSpec): string {
  const sockets = [unitNames.https, ...(http.length === 0 ? [] : [unitNames.http])].join(" ");
  return unitText({
    Unit: [
      `Description=podtrust publishes the OIDC documents of ${stack}`,
      // For the CA; the cluster's API may come later, since documents are served from disk.
      "Wants=network-online.target",
      `After=network-online.target ${sockets}`,
      `Requires=${sockets}`,
      // systemd never gives up on it: a publisher that is down is an outage of every workload.
      "StartLimitIntervalSec=0",
    ],
    Service: [
      // Ready once it listens. Its helper systemd-notify is a process of its own, hence `all`.
      "Type=notify",
      "NotifyAccess=all",
      `Sockets=${sockets}`,
      `ExecStart=${layout.program} serve -f ${layout.config}`,
      "ExecReload=/bin/kill -HUP $MAINPID",
      "Restart=always",
      "RestartSec=1s",
      // An event loop that hangs for a minute is ended; requests under way get ten seconds at the end.
      "WatchdogSec=60s",
      "TimeoutStopSec=20s",
      // A user of its own that no other service has, and that exists as long as the service runs.
      "DynamicUser=yes",
      `SupplementaryGroups=${secretsGroup}`,
      // Keys, certificates and the last good documents.
      `StateDirectory=${publisherState}`,
      "StateDirectoryMode=0700",
      "UMask=0077",
      // Readable by this service as long as it runs, and by root: no group, no other unit.
      ...credentials.map(({ name, path }) => `LoadCredential=${name}:${path}`),
      ...confined,
      ...writesInto(layout, backupFolder),
      // It stays below 300 MB under attack; beyond this limit a restart is better than using up the machine's memory.
      "MemoryMax=512M",
      "TasksMax=64",
      "LimitNOFILE=4096",
    ],
    Install: ["WantedBy=multi-user.target"],
  });
}

/** `443` is every address of both families, on machines without IPv6 too. */
function streamOf(address: ListenSpec): string {
  if ("systemd" in address) throw new TypeError(`${listenText(address)} is no address`);
  return address.host === "::" ? String(address.port) : listenText(address);
}

function socket(name: "https" | "http", stack: string, listen: readonly ListenSpec[]): string {
  return unitText({
    Unit: [`Description=${name.toUpperCase()} for podtrust's publisher of ${stack}`],
    Socket: [
      ...listen.map((address) => `ListenStream=${streamOf(address)}`),
      "BindIPv6Only=both",
      // An address may come later than the socket.
      "FreeBind=yes",
      `FileDescriptorName=${name}`,
      `Service=${unitNames.publisher}`,
      // Clients that connect while the publisher restarts wait here.
      "Backlog=1024",
      // However often it is started: a socket that gives up would be a lasting outage.
      "TriggerLimitIntervalSec=0",
    ],
    Install: ["WantedBy=sockets.target"],
  });
}

function tokenService({ layout, adminKubeconfig }: UnitsSpec): string {
  return unitText({
    Unit: ["Description=podtrust renews the token of its publisher", "After=network-online.target"],
    Service: [
      "Type=oneshot",
      `ExecStart=${layout.program} renew-token -f ${layout.config} --kubeconfig ${adminKubeconfig}`,
      // It reads what root alone may read. The publisher never sees that file.
      "User=root",
      // What it writes can be read only by the publisher, without a capability to change the owner of files.
      `Group=${secretsGroup}`,
      `StateDirectory=${tokenState}`,
      "StateDirectoryMode=0750",
      "UMask=0027",
      "TimeoutStartSec=60s",
      ...confined,
      "MemoryMax=256M",
      "TasksMax=32",
      // It starts every minute: only errors are worth a line, and they are all that it writes itself.
      "SyslogLevel=err",
      "LogLevelMax=notice",
    ],
  });
}

const tokenTimer = unitText({
  Unit: ["Description=podtrust looks whether its publisher's token is good"],
  Timer: [
    "OnBootSec=5s",
    // A look takes a tenth of a second; a token whose signing key was taken away is replaced within this time.
    "OnUnitInactiveSec=60s",
    "AccuracySec=5s",
  ],
  Install: ["WantedBy=timers.target"],
});

/** The publisher's units by their names, without those of what is not listened on. */
export function publisherUnits(spec: UnitsSpec): ReadonlyMap<string, string> {
  const { stack, https, http } = spec;
  return new Map([
    [unitNames.publisher, publisherService(spec)],
    [unitNames.https, socket("https", stack, https)],
    ...(http.length === 0 ? [] : [[unitNames.http, socket("http", stack, http)] as const]),
    [unitNames.token, tokenService(spec)],
    [unitNames.timer, tokenTimer],
  ]);
}
