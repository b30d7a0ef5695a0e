// Starts the Firestore emulator on 127.0.0.1; the package's own start() would listen on every address.
import grpc from "@grpc/grpc-js";
import emulator from "@firestore-emulator/server";

const port = Number(process.argv[2]);
const firestore = new emulator.FirestoreServer();

firestore.server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error) => {
  if (error) {
    console.error(`cannot listen on 127.0.0.1:${port}: ${error.message}`);
    process.exit(1);
  }
  console.log(`listening on 127.0.0.1:${port}`);
});

process.on("SIGTERM", () => {
  firestore.stop();
  process.exit(0);
});
