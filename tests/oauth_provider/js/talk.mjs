// A script is told what it needs in its first line, says where the browser has to go, and is told in
// the second line where the browser came back; what it found out is its last line.
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export const given = JSON.parse((await lines.next()).value);

export async function browse(url) {
  console.log(JSON.stringify({ open: url.href }));
  return new URL((await lines.next()).value);
}

export function tell(result) {
  console.log(JSON.stringify({ result }));
  process.exit(0);
}
