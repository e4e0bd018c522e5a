// Shared worker: one event stream for all tabs of a browser, which opens only six connections to a host.
const ports = new Set();
let source, last = "";
const tell = (message) => ports.forEach((port) => port.postMessage(message));
const open = () => {
  source = new EventSource(`/live?after=${encodeURIComponent(last)}`);
  source.onmessage = ({ data, lastEventId }) => { last = lastEventId || last; tell(JSON.parse(data)); };
  source.onopen = () => tell({ live: true });
  source.onerror = () => {
    tell({ live: false });
    if (source.readyState === EventSource.CLOSED) setTimeout(open, 4000);
  };
};
onconnect = ({ ports: [port] }) => {
  ports.add(port);
  port.onmessage = () => ports.delete(port);
  if (!source) open();
  port.postMessage({ live: source.readyState === EventSource.OPEN });
};
