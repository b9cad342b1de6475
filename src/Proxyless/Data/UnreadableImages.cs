using System.Collections.Concurrent;

namespace Proxyless.Data;

/// <summary>
/// Images found to be unreadable while batches are made, each told once. Decoding threads add; the thread that takes the
/// batches reports, because an observer is called from the job's own thread.
/// </summary>
internal sealed class UnreadableImages(bool strict, IRunObserver observer)
{
    private readonly ConcurrentDictionary<string, bool> _known = new();
    private readonly ConcurrentQueue<string> _untold = new();

    /// <summary>Notes an image, or refuses it.</summary>
    /// <exception cref="InvalidInputException">The images are read strictly: <paramref name="exception"/> itself.</exception>
    public void Add(InvalidInputException exception)
    {
        if (strict)
        {
            throw new InvalidInputException(exception.Message, exception);
        }

        if (_known.TryAdd(exception.Message, true))
        {
            _untold.Enqueue(exception.Message);
        }
    }

    /// <summary>Tells the observer what has been found since the last call.</summary>
    public void Report()
    {
        while (_untold.TryDequeue(out string? message))
        {
            observer.Warning($"{message} The next image of its class takes its place ({_known.Count} so far).");
        }
    }
}
