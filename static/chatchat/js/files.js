/* Files that are not uploaded yet, kept over a reload. A browser that cannot do it loses only that. */

const NAME = "chatchat";
const TABLE = "files";

let opened = null;

function open() {
  opened ||= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(TABLE);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

async function run(mode, work) {
  try {
    const table = (await open()).transaction(TABLE, mode).objectStore(TABLE);
    return await new Promise((resolve, reject) => {
      const asked = work(table);
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
  } catch {
    return null;
  }
}

export const keepFile = (key, file) => run("readwrite", (table) => table.put(file, key));
export const keptFile = (key) => run("readonly", (table) => table.get(key));
export const dropFile = (key) => run("readwrite", (table) => table.delete(key));
export const forgetFiles = () => run("readwrite", (table) => table.clear());
