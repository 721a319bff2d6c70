onmessage = ({ data }) => setTimeout(() => postMessage(data), data?.wait ?? 0);
