using System.Diagnostics;
using Proxyless.Distributed;
using Proxyless.Networks;
using Proxyless.Training;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Training;

/// <summary>The order of an exchange; that its results are right is seen in ProcessGroupTests.</summary>
public sealed class GradientExchangeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public void A_part_is_summed_aside_before_the_backward_pass_ends()
    {
        var processes = new Processes();
        using var buffer = new ExchangeBuffer();
        NetworkTensor[] tensors = Tensors();
        using var exchange = new GradientExchange(processes, buffer, tensors, BatchShare.Of(3), 8, isAside: true);
        exchange.Complete(tensors[1].Value);
        exchange.Complete(tensors[0].Value);
        Assert.True(processes.First.Wait(Patience, TestContext.Current.CancellationToken));
        exchange.Finish(tensors);
        Assert.Equal([8, 7], processes.Counts);
        Assert.DoesNotContain(Environment.CurrentManagedThreadId, processes.Threads);
        Check(tensors);
    }

    [Fact]
    public void The_same_parts_are_summed_by_the_thread_of_the_step_at_its_end()
    {
        var processes = new Processes();
        using var buffer = new ExchangeBuffer();
        NetworkTensor[] tensors = Tensors();
        using var exchange = new GradientExchange(processes, buffer, tensors, BatchShare.Of(3), 8, isAside: false);
        exchange.Complete(tensors[1].Value);
        exchange.Complete(tensors[0].Value);
        Assert.Empty(processes.Counts);
        exchange.Finish(tensors);
        Assert.Equal([8, 7], processes.Counts);
        Assert.Equal([Environment.CurrentManagedThreadId], processes.Threads.Distinct());
        Check(tensors);
    }

    [Fact]
    public void A_sum_that_fails_aside_fails_the_step()
    {
        using var buffer = new ExchangeBuffer();
        NetworkTensor[] tensors = Tensors();
        var processes = new Processes { Failure = "the network is gone" };
        using var exchange = new GradientExchange(processes, buffer, tensors, BatchShare.Of(3), 8, isAside: true);
        exchange.Complete(tensors[1].Value);
        Assert.Equal("the network is gone", Assert.Throws<IOException>(() => exchange.Finish(tensors)).Message);
    }

    [Theory]
    [InlineData(100, 90, true)]
    [InlineData(100, 99, false)]
    [InlineData(90, 100, false)]
    public void Both_ways_are_tried_and_the_faster_is_kept(int atTheEnd, int beside, bool isOn)
    {
        var choice = new OverlapChoice(new Processes(), null);
        var ways = new List<bool>();
        for (long now = 0; !choice.IsDecided; )
        {
            ways.Add(choice.IsOn);
            now += (choice.IsOn ? beside : atTheEnd) * (Stopwatch.Frequency / 1000);
            choice.Count(now);
        }

        Assert.Equal(isOn, choice.IsOn);
        Assert.Equal(20, ways.Count);
        Assert.Equal(10, ways.Count(way => way));
    }

    // Eight and five trained numbers, and none of a third whose path has not run.
    private static NetworkTensor[] Tensors()
    {
        NetworkTensor[] tensors =
        [
            new("first", zeros(5), TensorRole.ScaleOrBias),
            new("second", zeros(2, 4), TensorRole.Weight),
            new("third", zeros(7), TensorRole.Weight),
        ];
        tensors[0].Value.grad = ones(5);
        tensors[1].Value.grad = tensor([2f, 2, 2, 2, 2, 2, 2, 2], [2, 4]);
        return tensors;
    }

    // Two equal processes: the means are what each has.
    private static void Check(NetworkTensor[] tensors)
    {
        Assert.Equal(Enumerable.Repeat(1f, 5), tensors[0].Value.grad!.data<float>());
        Assert.Equal(Enumerable.Repeat(2f, 8), tensors[1].Value.grad!.data<float>());
        Assert.Null(tensors[2].Value.grad);
    }

    /// <summary>Two processes with the same numbers.</summary>
    private sealed class Processes : ICommunicator
    {
        public List<int> Counts { get; } = [];

        public List<int> Threads { get; } = [];

        public ManualResetEventSlim First { get; } = new();

        public string? Failure { get; init; }

        public int Rank => 0;

        public int Size => 2;

        public string Description => "two";

        public void Sum(Span<float> values)
        {
            if (Failure is not null)
            {
                throw new IOException(Failure);
            }

            Counts.Add(values.Length);
            Threads.Add(Environment.CurrentManagedThreadId);
            foreach (ref float value in values)
            {
                value *= 2;
            }

            First.Set();
        }

        public void Sum(Span<double> values)
        {
            foreach (ref double value in values)
            {
                value *= 2;
            }
        }

        public bool SumOnDevice(nint first, long count) => false;

        public void Broadcast(Span<byte> bytes) => throw new NotSupportedException();

        public ulong[] Gather(ulong value) => [value, value];

        public void Meet() => throw new NotSupportedException();

        public void Abort(int code) => throw new NotSupportedException();

        public void Dispose() => First.Dispose();
    }
}
