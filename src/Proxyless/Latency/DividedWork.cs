using System.Runtime.ExceptionServices;

namespace Proxyless.Latency;

/// <summary>
/// Work that several devices divide among themselves: each takes the next piece when it has done one.
/// </summary>
internal static class DividedWork
{
    /// <summary>Does all pieces; with one device, in this thread and in order.</summary>
    /// <typeparam name="T">What does the work.</typeparam>
    /// <param name="devices">One thread for each.</param>
    /// <param name="count">Number of pieces.</param>
    /// <param name="work">
    /// Does a piece, given by its number; its token is canceled when another device has failed.
    /// </param>
    /// <param name="cancellationToken">Stops between two pieces, and within one if the work does.</param>
    /// <exception cref="Exception">The first failure of a device.</exception>
    public static void Run<T>(
        IReadOnlyList<T> devices,
        int count,
        Action<T, int, CancellationToken> work,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(devices);
        ArgumentNullException.ThrowIfNull(work);
        int next = -1;
        void Take(T device, CancellationToken stop)
        {
            while (Interlocked.Increment(ref next) is var piece && piece < count)
            {
                stop.ThrowIfCancellationRequested();
                work(device, piece, stop);
            }
        }

        Each(devices, Take, cancellationToken);
    }

    /// <summary>Has each device do something; a single one in this thread.</summary>
    /// <typeparam name="T">What does the work.</typeparam>
    /// <param name="devices">One thread for each.</param>
    /// <param name="work">What each does; its token is canceled when another device has failed.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="Exception">The first failure of a device.</exception>
    public static void Each<T>(
        IReadOnlyList<T> devices,
        Action<T, CancellationToken> work,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(devices);
        ArgumentNullException.ThrowIfNull(work);
        if (devices.Count == 1)
        {
            work(devices[0], cancellationToken);
            return;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ExceptionDispatchInfo? failure = null;
        void WorkUnlessFailed(T device)
        {
            try
            {
                work(device, stop.Token);
            }
            catch (Exception exception)
            {
                // The first one is the cause; that the others were stopped is its consequence.
                Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(exception), null);
                stop.Cancel();
            }
        }

        Thread[] threads = [.. devices.Select(device => new Thread(() => WorkUnlessFailed(device)))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        failure?.Throw();
    }
}
