using System.Net;

namespace Proxyless.Latency;

/// <summary>
/// Sends the content of a request once. By default <see cref="SocketsHttpHandler"/> requests it again if a server that
/// shuts down has rejected the request. gRPC does not write the messages of a stream again: the server would get a part
/// of them, or wait for the rest forever. With this handler such a request fails.
/// </summary>
/// <param name="inner">The handler that sends.</param>
internal sealed class SentOnceHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        if (request.Content is { } content)
        {
            request.Content = new SentOnce(content);
        }

        return base.SendAsync(request, cancellationToken);
    }

    private sealed class SentOnce : HttpContent
    {
        private readonly HttpContent _content;
        private bool _sent;

        public SentOnce(HttpContent content)
        {
            _content = content;
            foreach (KeyValuePair<string, IEnumerable<string>> header in content.Headers)
            {
                Headers.TryAddWithoutValidation(header.Key, header.Value);
            }
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(
            Stream stream,
            TransportContext? context,
            CancellationToken cancellationToken
        )
        {
            if (Interlocked.Exchange(ref _sent, true))
            {
                throw new IOException("the agent rejected the call, as one that shuts down does");
            }

            return _content.CopyToAsync(stream, context, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _content.Headers.ContentLength ?? -1;
            return length >= 0;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _content.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
