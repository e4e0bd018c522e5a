// Shared worker: one event stream for all tabs of a browser, which opens only six connections to a host.
// A tab comes with the mark of its page: the stream begins there, or, when it stands elsewhere, the tab reads anew.
const ports = new Set();
let source, last = "", live;
const tell = (message) => ports.forEach((port) => port.postMessage(message));
const open = () => {
  source = new EventSource(`/live?after=${encodeURIComponent(last)}`);
  source.onmessage = ({ data, lastEventId }) => { last = lastEventId || last; tell(JSON.parse(data)); };
  source.onopen = () => tell({ live: live = true });
  source.onerror = () => {
    tell({ live: live = false });
    if (source.readyState === EventSource.CLOSED) setTimeout(open, 4000);
  };
};
onconnect = ({ ports: [port] }) => {
  ports.add(port);
  port.onmessage = ({ data }) => {
    if (data === "bye") return ports.delete(port);
    if (!source) { last = data.after; open(); } else if (data.after !== last) port.postMessage({ topics: ["all"] });
    if (live !== undefined) port.postMessage({ live });
  };
};
