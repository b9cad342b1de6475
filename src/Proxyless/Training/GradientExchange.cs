using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Proxyless.Distributed;
using Proxyless.Networks;
using static TorchSharp.torch;

namespace Proxyless.Training;

/// <summary>
/// One exchange of gradients: they become their means over the whole batch, and running statistics their means over
/// the images. It goes in parts, in the order in which the backward pass completes the gradients, which is the same in
/// every process. The parts are the same whether they are summed at the end or, by a thread of their own, while the
/// backward pass goes on, and so are the results, to the bit.
/// </summary>
internal sealed unsafe class GradientExchange : IDisposable
{
    /// <summary>
    /// The usual least size of a part: four megabytes. Each part costs the link's latency.
    /// </summary>
    public const int NumbersPerPart = 1 << 20;

    private readonly ICommunicator _communicator;
    private readonly ExchangeBuffer _buffer;
    private readonly BatchShare _share;
    private readonly int _numbersPerPart;
    private readonly float* _room;
    private readonly Dictionary<Tensor, NetworkTensor> _waiting;
    private readonly List<Tensor> _numbers = [];
    private readonly List<Part> _parts = [];
    private readonly BlockingCollection<Part>? _queue;
    private readonly Thread? _thread;
    private ExceptionDispatchInfo? _failure;
    private List<Entry> _next = [];
    private long _nextCount;
    private long _start;

    /// <summary>Begins an exchange.</summary>
    /// <param name="communicator">Several processes.</param>
    /// <param name="buffer">Memory for all numbers.</param>
    /// <param name="tensors">What the step touched, on the processor.</param>
    /// <param name="share">What this process's part of the batch counts.</param>
    /// <param name="numbersPerPart">The least size of a part, except for the last.</param>
    /// <param name="isAside">Whether a thread of its own sums.</param>
    public GradientExchange(
        ICommunicator communicator,
        ExchangeBuffer buffer,
        IReadOnlyCollection<NetworkTensor> tensors,
        BatchShare share,
        int numbersPerPart,
        bool isAside
    )
    {
        (_communicator, _buffer, _share, _numbersPerPart) = (communicator, buffer, share, numbersPerPart);
        _waiting = new Dictionary<Tensor, NetworkTensor>(tensors.Count, ReferenceEqualityComparer.Instance);
        foreach (NetworkTensor tensor in tensors)
        {
            _waiting.Add(tensor.Value, tensor);
        }

        // What all parts of the batch count together are two more sums.
        _room = _buffer.Reserve(tensors.Sum(tensor => tensor.Value.numel()) + 2);
        if (isAside)
        {
            _queue = [];
            _thread = new Thread(SumAside) { IsBackground = true, Name = "gradient exchange" };
            _thread.Start();
        }
    }

    /// <summary>
    /// Says that nothing will be added to the gradient of a tensor any more. Those that nobody says it of, running
    /// statistics among them, are taken at the end.
    /// </summary>
    /// <param name="value">A tensor; one that is not exchanged, or was named before, is passed over.</param>
    public void Complete(Tensor value)
    {
        if (_waiting.Remove(value, out NetworkTensor? tensor))
        {
            Add(tensor);
            if (_nextCount >= _numbersPerPart)
            {
                Send();
            }
        }
    }

    /// <summary>Exchanges what is left, and replaces all numbers.</summary>
    /// <param name="tensors">All tensors of the exchange, in the same order everywhere.</param>
    public void Finish(IEnumerable<NetworkTensor> tensors)
    {
        foreach (NetworkTensor tensor in tensors.Where(tensor => _waiting.Remove(tensor.Value)))
        {
            Add(tensor);
        }

        _nextCount += 2;
        Send();
        if (_thread is null)
        {
            _parts.ForEach(Sum);
        }
        else
        {
            _queue!.CompleteAdding();
            _thread.Join();
            _failure?.Throw();
        }

        Span<float> counts = Room(_parts[^1])[^2..];
        (float ofWeight, float ofImage) = (1 / counts[0], 1 / counts[1]);
        foreach (Part part in _parts)
        {
            Span<float> rest = Room(part);
            foreach (Entry entry in part.Entries)
            {
                ExchangeBuffer.CopyOut(rest[..entry.Count], entry.Numbers, entry.IsStatistic ? ofImage : ofWeight);
                rest = rest[entry.Count..];
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_thread is { IsAlive: true })
        {
            // The step has failed here, and the thread may wait for the other processes for ever. They are ended with
            // this one; until then the memory has to be there.
            _queue!.CompleteAdding();
            _buffer.Abandon();
            return;
        }

        _numbers.ForEach(numbers => numbers.Dispose());
        _queue?.Dispose();
    }

    private void Add(NetworkTensor tensor)
    {
        if (tensor.GradientOrStatistic() is { } numbers)
        {
            numbers.DetachFromDisposeScope();
            _numbers.Add(numbers);
            int count = checked((int)numbers.numel());
            _next.Add(new Entry(numbers, count, !tensor.IsTrained));
            _nextCount += count;
        }
    }

    private void Send()
    {
        var part = new Part(_next, _start, checked((int)_nextCount));
        _parts.Add(part);
        _start += _nextCount;
        (_next, _nextCount) = ([], 0);
        _queue?.Add(part);
    }

    private void SumAside()
    {
        try
        {
            foreach (Part part in _queue!.GetConsumingEnumerable())
            {
                Sum(part);
            }
        }
#pragma warning disable CA1031 // Thrown again by Finish, on the thread that takes the step.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _failure = ExceptionDispatchInfo.Capture(exception);
        }
    }

    private void Sum(Part part)
    {
        Span<float> all = Room(part);
        Span<float> rest = all;
        foreach (Entry entry in part.Entries)
        {
            float factor = entry.IsStatistic ? _share.Images : (float)_share.Weight;
            ExchangeBuffer.CopyIn(entry.Numbers, rest[..entry.Count], factor);
            rest = rest[entry.Count..];
        }

        if (rest.Length == 2)
        {
            (rest[0], rest[1]) = ((float)_share.Weight, _share.Images);
        }

        _communicator.Sum(all);
    }

    private Span<float> Room(Part part) => new(_room + part.Start, part.Count);

    private readonly record struct Entry(Tensor Numbers, int Count, bool IsStatistic);

    private sealed record Part(List<Entry> Entries, long Start, int Count);
}
