// Loaded into Node by `qrr offline` (NODE_OPTIONS): connections to other machines go to the proxy of the run, also those
// of Node versions and libraries that do not read HTTPS_PROXY.
"use strict";

const net = require("node:net");

const { front, tls, hosts } = JSON.parse(process.env.QRR_OFFLINE);
const PORTS = { 80: front, 443: tls };
const HERE = /^(localhost|127(\.\d+){3}|(::ffff:127(\.\d+){3})|::1|0\.0\.0\.0|::)$/i;
const connect = net.Socket.prototype.connect;

net.Socket.prototype.connect = function (...given) {
  const [options, callback] = Array.isArray(given[0]) ? given[0] : net._normalizeArgs(given);
  const { host, path, port } = options;
  if (path || !host || HERE.test(host)) {
    return connect.apply(this, given);
  }
  if (hosts.includes(host.toLowerCase()) && PORTS[port]) {
    return connect.call(this, { ...options, host: "127.0.0.1", port: PORTS[port] }, callback);
  }
  // The proxy counts what is refused.
  const counted = net.connect(front, "127.0.0.1").on("error", () => {});
  const address = `${net.isIPv6(host) ? `[${host}]` : host}:${port}`;
  counted.end(`CONNECT ${address} HTTP/1.1\r\n\r\n`).resume();
  const refused = new Error(`qrr offline refuses ${address}: it is not a host of the Qiskit Runtime services`);
  process.nextTick(() => this.destroy(refused));
  return this;
};
