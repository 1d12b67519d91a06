/** The rule of paths, asked of each shell that a machine may have, while a tenant makes what he likes where he may write. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { rootPathFunctions } from "../../../src/providers/host/index.ts";
import { shellWord } from "../../../src/core/base/index.ts";
import {
  everyTools,
  refusedFor,
  startTenantHost,
  tenantFolder,
  type TenantHost,
  tenantId,
  whyNoTenantHost,
} from "./tenant-host.ts";

const { signal } = new AbortController();
const secret = "the-secret-of-root";
const pod = "/var/lib/kubelet/pods/0f9d3c1e-5b1a-4c52-9a3e-7f6f2f6d8a11/volumes/kubernetes.io~empty-dir/v";

interface Refusal {
  readonly what: string;
  /** Of root's, before the tenant's. */
  readonly root?: string;
  readonly tenant?: string;
  readonly path: string;
  readonly reason: string;
}

const refusals: readonly Refusal[] = [
  {
    what: "a file in a folder of his own",
    tenant: "echo x >/var/lib/tenant/f",
    path: "/var/lib/tenant/f",
    reason: "owner",
  },
  {
    what: "a file that is not there yet in a folder of his own",
    path: "/var/lib/tenant/new/file",
    reason: "owner",
  },
  {
    what: "root's own file through a link of his",
    tenant: "ln -s /etc/keys/k /var/lib/tenant/link",
    path: "/var/lib/tenant/link",
    reason: "owner",
  },
  {
    what: "root's own file through a folder that is his link",
    tenant: "ln -s /etc/keys /var/lib/tenant/keys",
    path: "/var/lib/tenant/keys/k",
    reason: "owner",
  },
  {
    what: "his link where root leads to",
    root: "ln -s /var/lib/tenant /etc/keys/through",
    tenant: "ln -s /etc/keys/k /var/lib/tenant/far",
    path: "/etc/keys/through/far",
    reason: "owner",
  },
  {
    what: "a link that root gave to him",
    root: `ln -s k /etc/keys/given; chown -h ${tenantId} /etc/keys/given`,
    path: "/etc/keys/given",
    reason: "owner",
  },
  {
    what: "a file that root gave to him",
    root: `echo x >/etc/keys/his; chown ${tenantId} /etc/keys/his`,
    path: "/etc/keys/his",
    reason: "owner",
  },
  {
    what: "a file to which everybody may write",
    root: "echo x >/etc/keys/open; chmod 0666 /etc/keys/open",
    path: "/etc/keys/open",
    reason: "mode",
  },
  {
    what: "a file to which a group may write",
    root: "echo x >/etc/keys/group; chmod 0660 /etc/keys/group",
    path: "/etc/keys/group",
    reason: "mode",
  },
  {
    what: "a folder to which everybody may write, sticky or not",
    root: "mkdir -p /var/lib/all/of/us; chmod 1777 /var/lib/all; echo x >/var/lib/all/of/us/f",
    path: "/var/lib/all/of/us/f",
    reason: "mode",
  },
  {
    what: "a folder to which an ACL lets him write",
    root: `mkdir /var/lib/acl; echo x >/var/lib/acl/f; setfacl -m u:${tenantId}:rwx /var/lib/acl`,
    path: "/var/lib/acl/f",
    reason: "mode",
  },
  {
    what: "a file to which an ACL lets him write",
    root: `echo x >/etc/keys/acl; setfacl -m u:${tenantId}:rw /etc/keys/acl`,
    path: "/etc/keys/acl",
    reason: "mode",
  },
  {
    what: "a folder of a pod that runs as root, with root's owner and mode",
    root: `mkdir -p ${pod}; echo x >${pod}/k`,
    path: `${pod}/k`,
    reason: "pod",
  },
  {
    what: "a folder that a pod which runs as root will have",
    path: `${pod.replace("0f9d3c1e", "1f9d3c1e")}/k`,
    reason: "pod",
  },
  {
    what: "a file on the disk of a container",
    root: "mkdir -p /run/containerd/io.containerd.runtime.v2.task/k8s.io/a/rootfs",
    path: "/run/containerd/io.containerd.runtime.v2.task/k8s.io/a/rootfs/etc/passwd",
    reason: "pod",
  },
  { what: "a file of a process", path: "/proc/1/environ", reason: "pod" },
  { what: "an endless device", path: "/dev/zero", reason: "pod" },
  {
    what: "an endless device of another name",
    root: "mknod -m 600 /etc/keys/zero c 1 5",
    path: "/etc/keys/zero",
    reason: "kind",
  },
  { what: "a FIFO", root: "mkfifo -m 600 /etc/keys/fifo", path: "/etc/keys/fifo", reason: "kind" },
  { what: "a folder", path: "/etc/keys", reason: "kind" },
  {
    what: "a file of two names",
    root: "echo x >/etc/keys/one; ln /etc/keys/one /etc/keys/two",
    path: "/etc/keys/two",
    reason: "names",
  },
  {
    what: "a file that is larger than a mebibyte",
    root: "truncate -s 1048577 /etc/keys/large",
    path: "/etc/keys/large",
    reason: "size",
  },
  {
    what: "links in a circle",
    root: "ln -s round-b /etc/keys/round-a; ln -s round-a /etc/keys/round-b",
    path: "/etc/keys/round-a",
    reason: "links",
  },
  { what: "a path that begins nowhere", path: "etc/keys/k", reason: "form" },
  { what: "a path of two lines", path: "/etc/keys/k\n/etc/keys/k", reason: "form" },
  { what: "a way back out of what is not there", path: "/etc/keys/none/../k", reason: "form" },
];

for (const tools of everyTools) {
  describe(`the rule of paths with ${tools}`, { skip: whyNoTenantHost() }, () => {
    let at: TenantHost;
    before(async () => {
      at = await startTenantHost(tools);
      await at.asRoot(`mkdir /etc/keys; (umask 077; echo ${secret} >/etc/keys/k)`);
    });
    after(() => at?.stop());

    const run = (script: string): Promise<string> =>
      at.machine.run("trying", `set -eu\numask 077\n${rootPathFunctions}\n${script}`, signal);
    const fileAt = (path: string): Promise<string> =>
      run(`real=$(root_file ${shellWord(path)})\nprintf %s "$real"\n`);

    for (const { what, root, tenant, path, reason } of refusals) {
      test(`${what} is neither read nor written, and it is said why`, async () => {
        if (root !== undefined) await at.asRoot(root);
        if (tenant !== undefined) await at.asTenant(tenant);
        const error = await refusedFor(fileAt(path), reason);
        assert.match(error.message, /as root nothing is read or written there/u);
      });
    }

    test("what is refused names the path, its owner, and how root makes it its own", async () => {
      const error = await refusedFor(fileAt(`${tenantFolder}/x y`), "owner");
      assert.match(error.message, /: \/var\/lib\/tenant belongs to user 12345, not to root/u);
      assert.match(error.next, /chown -h root \/var\/lib\/tenant/u);
    });

    test("a file may be of a user that is named, and its folder still may not", async () => {
      await at.asRoot(`echo x >/etc/keys/pub; chown ${tenantId} /etc/keys/pub; chmod 0600 /etc/keys/pub`);
      const asked = (path: string): Promise<string> => run(`root_file ${path} ${tenantId}\n`);
      assert.equal(await asked("/etc/keys/pub"), "/etc/keys/pub\n");
      await at.asTenant(`echo x >${tenantFolder}/pub`);
      await refusedFor(asked(`${tenantFolder}/pub`), "owner");
    });

    test("a folder that root's own link moved to another disk is used where it lies", async () => {
      await at.host.small("opt", "1m");
      await at.asRoot(
        "chmod 0755 /opt; mkdir -p /opt/k/deep; ln -s /opt/k /etc/moved; ln -s ../k/./deep /opt/k/again",
      );
      assert.equal(await fileAt("/etc/moved/again/../file"), "/opt/k/file");
      await run(`folder=$(root_folder /etc/moved/again)
new=$(root_new "$folder")
echo written >"$new"
file=$(root_file /etc/moved/again/file)
root_place "$new" "$file"
`);
      const [mode, text] = (await at.asRoot("stat -c '%u:%g %a' /opt/k/deep/file; cat /opt/k/deep/file"))
        .trim()
        .split("\n");
      assert.deepEqual([mode, text], ["0:0 600", "written"]);
    });

    test("what is written has the one group that is named, whatever stood there, and is written through no link", async () => {
      await at.asRoot(`mkdir /etc/place; cd /etc/place; echo old >f; chmod 0755 f
echo precious >precious; ln -s precious .podtrust-new.abc123`);
      await run(`folder=$(root_folder /etc/place)
file=$(root_file /etc/place/f)
new=$(root_new "$folder")
echo new >"$new"
root_place "$new" "$file" 4711
`);
      assert.equal(
        await at.asRoot("cd /etc/place; stat -c '%u:%g %a' f; cat f precious; ls -A"),
        ["0:4711 640", "new", "precious", "f", "precious", ""].join("\n"),
      );
    });

    test("nothing is made where a folder's default ACL would give it to others", async () => {
      await at.asRoot(`mkdir /etc/shared; setfacl -d -m u:${tenantId}:r /etc/shared`);
      await refusedFor(run("new=$(root_new /etc/shared)\necho made\n"), "acl");
      assert.equal(await at.asRoot("ls -A /etc/shared"), "");
    });

    test("a folder is made with the mode that is named, and nothing is made below one that is not root's", async () => {
      await run("root_folder /etc/ours/in/depth 0700 >/dev/null\n");
      assert.equal(
        await at.asRoot("stat -c '%a' /etc/ours /etc/ours/in /etc/ours/in/depth"),
        "755\n755\n700\n",
      );
      await refusedFor(run(`root_folder ${tenantFolder}/a/b >/dev/null\n`), "owner");
      assert.equal(await at.asRoot(`find ${tenantFolder} -name a`), "");
    });

    test("whether a process can read a file is judged by its user, its groups and the folder", async () => {
      await at.asRoot(`mkdir /etc/read; cd /etc/read; echo x >f; chmod 0640 f; chown 0:77 f`);
      const judged = (who: string): Promise<string> => run(`root_readable /etc/read/f ${who}\necho can\n`);
      assert.equal(await judged("997 '55 77'"), "can\n");
      assert.equal(await judged("0 ''"), "can\n");
      await refusedFor(judged("997 55"), "unread");
      await at.asRoot("chmod 0700 /etc/read");
      await refusedFor(judged("997 77"), "unread");
    });

    test("a tenant who exchanges links and files as fast as he can gets nothing read or overwritten", async () => {
      await at.asRoot("echo precious >/etc/precious; chmod 0600 /etc/precious");
      // His names lead to root's files, to a FIFO, to an endless device and to files of his own, in turn.
      const swapping = at.asTenant(
        `cd ${tenantFolder}; mkdir -p a b swap; echo mine >a/f; ln -s /etc/keys/k b/f; mkfifo fifo
end=$(($(date +%s) + 6))
while [ "$(date +%s)" -lt $end ]; do
  for target in a b /etc /etc/keys fifo /dev/zero /etc/precious; do
    ln -sfn "$target" now; ln -sfn "$target" swap/now; ln -sf "$target" swap/f 2>/dev/null
    ln -sf /etc/precious .podtrust-new.aaaaaa
  done
done`,
      );
      const paths = ["now", "now/f", "now/k", "swap/now/f", "swap/f", "now/precious"].map(
        (one) => `${tenantFolder}/${one}`,
      );
      const once = `set -eu
${rootPathFunctions}
path=$1
folder=$(root_folder "$(dirname "$path")")
file=$(root_file "$path")
new=$(root_new "$folder")
if [ -e "$file" ]; then head -c 100 "$file" >"$new"; fi
root_place "$new" "$file"
`;
      const tried = await run(`end=$(($(date +%s) + 4)) count=0
while [ "$(date +%s)" -lt $end ]; do
  for path in ${paths.join(" ")}; do
    code=0
    sh -c ${shellWord(once)} sh "$path" 2>/dev/null || code=$?
    [ "$code" -eq 93 ] || { echo "done as root: $path $code"; exit 1; }
    count=$((count + 1))
  done
done
echo "$count"
`);
      assert.ok(Number(tried) > 20, tried);
      await swapping;
      assert.equal(await at.asRoot("cat /etc/precious /etc/keys/k"), `precious\n${secret}\n`);
      assert.equal(await at.tenantFinds(secret, [tenantFolder]), false);
    });
  });
}
