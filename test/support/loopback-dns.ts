import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** The types that are known here. */
export type DnsType = "A" | "AAAA" | "CAA" | "NS" | "SOA" | "TXT";
/** `ttl`: in seconds, 1 by default. */
type Answer = { readonly type: DnsType; readonly value: string; readonly ttl?: number };

const codes = { A: 1, NS: 2, SOA: 6, TXT: 16, AAAA: 28, CAA: 257 } as const;

function nameBytes(name: string): Buffer {
  const labels = name.split(".").flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
  return Buffer.concat([...labels, Buffer.from([0])]);
}

/** An IPv6 address as its eight groups, written out or with `::`. */
function groupsOf(address: string): readonly number[] {
  const [head = [], tail = []] = address
    .split("::")
    .map((half) => (half === "" ? [] : half.split(":").map((group) => Number.parseInt(group, 16))));
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}

/** `0 issue "ca.example"` (RFC 8659 §4.1). */
function caaBytes(text: string): Buffer {
  const [, flags = "", tag = "", value = ""] = /^(\d+) (\S+) "(.*)"$/u.exec(text) ?? [];
  return Buffer.concat([Buffer.from([Number(flags), tag.length]), Buffer.from(`${tag}${value}`)]);
}

/** `ns.example hostmaster.example 1 7200 3600 86400 300`: the last one is for how long a missing name is kept (RFC 2308). */
function soaBytes(text: string): Buffer {
  const [server = "", mailbox = "", ...numbers] = text.split(" ");
  const times = Buffer.alloc(20);
  for (const [index, number] of numbers.entries()) times.writeUInt32BE(Number(number), 4 * index);
  return Buffer.concat([nameBytes(server), nameBytes(mailbox), times]);
}

function dataOf({ type, value }: Answer): Buffer {
  if (type === "CAA") return caaBytes(value);
  if (type === "SOA") return soaBytes(value);
  if (type === "A") return Buffer.from(value.split(".").map(Number));
  if (type === "AAAA") return Buffer.from(groupsOf(value).flatMap((group) => [group >> 8, group & 0xff]));
  return type === "NS" ? nameBytes(value) : Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
}

/** `failed`: the server says that it failed (SERVFAIL). `empty`: the name exists, without records of the type. */
type Answers = (question: string) => readonly Answer[] | "failed" | "empty";

/** The answer of an authority to a query; NXDOMAIN where there is none (RFC 1035 §4.1.1). */
function reply(query: Buffer, answers: Answers): Buffer {
  const labels: string[] = [];
  let at = 12;
  while (query[at] !== 0) {
    const length = query[at] ?? 0;
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const question = query.subarray(12, at + 5);
  const asked = query.readUInt16BE(at + 1);
  const type = Object.entries(codes).find(([, one]) => one === asked)?.[0] ?? "?";
  const said = answers(`${type} ${labels.join(".").toLowerCase()}`);
  const found = typeof said === "string" ? [] : said;
  const missing = found.length === 0 && said !== "empty";
  const code = said === "failed" ? 0x84_02 : missing ? 0x84_03 : 0x84_00;
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(code, 2);
  header.writeUInt16BE(found.length, 6);
  header.writeUInt16BE(0, 8);
  header.writeUInt16BE(0, 10);
  const records = found.map((answer) => {
    const data = dataOf(answer);
    const fixed = Buffer.alloc(12);
    fixed.writeUInt16BE(0xc0_0c, 0);
    fixed.writeUInt16BE(codes[answer.type], 2);
    fixed.writeUInt16BE(1, 4);
    fixed.writeUInt32BE(answer.ttl ?? 1, 6);
    fixed.writeUInt16BE(data.length, 10);
    return Buffer.concat([fixed, data]);
  });
  return Buffer.concat([header, question, ...records]);
}

/** Answers queries on a connection, each with its length before it (RFC 1035 §4.2.2). */
function answerStream(socket: Socket, answers: Answers): void {
  let got = Buffer.alloc(0);
  socket.on("error", () => socket.destroy());
  socket.on("data", (more: Buffer) => {
    got = Buffer.concat([got, more]);
    while (got.length > 2 && got.length >= 2 + got.readUInt16BE(0)) {
      const end = 2 + got.readUInt16BE(0);
      const answer = reply(got.subarray(2, end), answers);
      got = got.subarray(end);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length, 0);
      socket.write(Buffer.concat([length, answer]));
    }
  });
}

/**
 * A name server on loopback, by UDP and TCP, that knows these answers by `TYPE name`, and of everything else that it does
 * not exist.
 */
export async function loopbackDns(
  answers: Answers,
  wanted = 0,
): Promise<{
  readonly port: number;
  readonly close: () => void;
}> {
  const streams = createServer((socket) => answerStream(socket, answers));
  streams.listen(wanted, "127.0.0.1");
  await once(streams, "listening");
  const { port } = streams.address() as { port: number };
  const packets = createSocket("udp4");
  packets.on("message", (query, from) => packets.send(reply(query, answers), from.port, from.address));
  packets.bind(port, "127.0.0.1");
  await once(packets, "listening");
  return {
    port,
    close() {
      packets.close();
      streams.close();
    },
  };
}
