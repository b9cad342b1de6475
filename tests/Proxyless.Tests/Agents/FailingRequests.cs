using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;

namespace Proxyless.Tests.Agents;

/// <summary>
/// HTTP requests of this process to a port fail before their sender has got them back, as those do whose connection is
/// refused while the sender waits for a processor.
/// </summary>
internal sealed class FailingRequests
    : IObserver<DiagnosticListener>,
        IObserver<KeyValuePair<string, object?>>,
        IDisposable
{
    private readonly int _port;
    private readonly ConcurrentBag<IDisposable> _subscriptions = [];
    private int _left;

    /// <param name="port">The port.</param>
    /// <param name="count">How many fail.</param>
    public FailingRequests(int port, int count)
    {
        _port = port;
        _left = count;
        _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));
    }

    /// <summary>How many are still to fail.</summary>
    public int Left => Math.Max(0, Volatile.Read(ref _left));

    public void OnNext(DiagnosticListener listener)
    {
        if (listener.Name == "HttpHandlerDiagnosticListener")
        {
            _subscriptions.Add(listener.Subscribe(this));
        }
    }

    /// <summary>What is thrown here comes out of the sending of the request.</summary>
    public void OnNext(KeyValuePair<string, object?> happened)
    {
        if (
            happened.Key == "System.Net.Http.HttpRequestOut.Start"
            && happened.Value?.GetType().GetProperty("Request")?.GetValue(happened.Value) is HttpRequestMessage request
            && request.RequestUri?.Port == _port
            && Interlocked.Decrement(ref _left) >= 0
        )
        {
            throw new HttpRequestException("refused", new SocketException((int)SocketError.ConnectionRefused));
        }
    }

    public void OnCompleted() { }

    public void OnError(Exception error) { }

    public void Dispose()
    {
        foreach (IDisposable subscription in _subscriptions)
        {
            subscription.Dispose();
        }
    }
}
