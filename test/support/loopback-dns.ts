import { createSocket } from "node:dgram";
import { once } from "node:events";

type Answer = { readonly type: "A" | "NS" | "TXT"; readonly value: string };

const codes = { A: 1, NS: 2, TXT: 16 } as const;

function nameBytes(name: string): Buffer {
  const labels = name.split(".").flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
  return Buffer.concat([...labels, Buffer.from([0])]);
}

function dataOf({ type, value }: Answer): Buffer {
  if (type === "A") return Buffer.from(value.split(".").map(Number));
  return type === "NS" ? nameBytes(value) : Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
}

/** A name server on loopback that knows these answers by `TYPE name`, and of everything else that it does not exist. */
export async function loopbackDns(answers: (question: string) => readonly Answer[]): Promise<{
  readonly port: number;
  readonly close: () => void;
}> {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const labels: string[] = [];
    let at = 12;
    while (query[at] !== 0) {
      const length = query[at] ?? 0;
      labels.push(query.toString("latin1", at + 1, at + 1 + length));
      at += 1 + length;
    }
    const question = query.subarray(12, at + 5);
    const code = query.readUInt16BE(at + 1);
    const type = Object.entries(codes).find(([, one]) => one === code)?.[0] ?? "?";
    const found = answers(`${type} ${labels.join(".").toLowerCase()}`);
    const header = Buffer.from(query.subarray(0, 12));
    // An answer of an authority; NXDOMAIN where there is none (RFC 1035 §4.1.1).
    header.writeUInt16BE(found.length === 0 ? 0x84_03 : 0x84_00, 2);
    header.writeUInt16BE(found.length, 6);
    header.writeUInt16BE(0, 8);
    header.writeUInt16BE(0, 10);
    const records = found.map((answer) => {
      const data = dataOf(answer);
      const fixed = Buffer.alloc(12);
      fixed.writeUInt16BE(0xc0_0c, 0);
      fixed.writeUInt16BE(codes[answer.type], 2);
      fixed.writeUInt16BE(1, 4);
      fixed.writeUInt32BE(1, 6);
      fixed.writeUInt16BE(data.length, 10);
      return Buffer.concat([fixed, data]);
    });
    socket.send(Buffer.concat([header, question, ...records]), from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return { port: socket.address().port, close: () => socket.close() };
}
