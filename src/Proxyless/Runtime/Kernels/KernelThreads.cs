using System.Runtime.ExceptionServices;
using TorchSharp;

namespace Proxyless.Runtime.Kernels;

/// <summary>
/// Divides the work of a kernel among as many threads as libtorch uses. A step calls kernels thousands of times for a
/// fraction of a millisecond each, so the threads are kept, and spin briefly for the next call before they sleep.
/// </summary>
internal static class KernelThreads
{
    private static readonly Lock Gate = new();
    private static readonly List<Worker> Workers = [];

    [ThreadStatic]
    private static bool _isAtWork;

    /// <summary>Threads of a kernel: 1 for one that is part of the work of another.</summary>
    public static int Count => _isAtWork ? 1 : torch.get_num_threads();

    /// <summary>
    /// Calls <paramref name="work"/> with consecutive ranges of 0..items, one for each thread. Work that calls this
    /// again does so on its own thread alone.
    /// </summary>
    /// <param name="items">Number of items.</param>
    /// <param name="threads">Threads, usually <see cref="Count"/>.</param>
    /// <param name="work">Receives the part's number, the first item and the one after the last.</param>
    public static void For(int items, int threads, Action<int, int, int> work)
    {
        int parts = Math.Min(threads, items);
        if (parts <= 1 || _isAtWork)
        {
            work(0, 0, items);
            return;
        }

        // One kernel at a time: a second caller would only take processors from the first.
        lock (Gate)
        {
            while (Workers.Count < parts - 1)
            {
                Workers.Add(new Worker());
            }

            void Run(int part)
            {
                _isAtWork = true;
                try
                {
                    work(part, (int)((long)items * part / parts), (int)((long)items * (part + 1) / parts));
                }
                finally
                {
                    _isAtWork = false;
                }
            }

            for (int part = 1; part < parts; part++)
            {
                Workers[part - 1].Start(Run, part);
            }

            ExceptionDispatchInfo? failure = null;
            try
            {
                Run(0);
            }
#pragma warning disable CA1031 // The others must have ended before it is thrown on.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }

            for (int part = 1; part < parts; part++)
            {
                failure = Workers[part - 1].Finish() ?? failure;
            }

            failure?.Throw();
        }
    }

    private sealed class Worker
    {
        // Some tens of microseconds: the time between two kernels, not the time of a convolution.
        private const int BusyRounds = 300;
        private const int PausesInARound = 8;

        private readonly object _sleep = new();
        private Action<int>? _work;
        private int _part;
        private ExceptionDispatchInfo? _failure;
        private int _state;

        public Worker() => new Thread(Loop) { IsBackground = true, Name = "kernels" }.Start();

        public void Start(Action<int> work, int part)
        {
            (_work, _part, _failure) = (work, part, null);
            if (Interlocked.Exchange(ref _state, State.Busy) == State.Asleep)
            {
                lock (_sleep)
                {
                    Monitor.Pulse(_sleep);
                }
            }
        }

        public ExceptionDispatchInfo? Finish()
        {
            var wait = default(SpinWait);
            while (Volatile.Read(ref _state) == State.Busy)
            {
                wait.SpinOnce(sleep1Threshold: -1);
            }

            return _failure;
        }

        private void Loop()
        {
            while (true)
            {
                WaitForWork();
                try
                {
                    _work!(_part);
                }
#pragma warning disable CA1031 // It is thrown on by the thread that called.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    _failure = ExceptionDispatchInfo.Capture(exception);
                }

                _work = null;
                Volatile.Write(ref _state, State.Idle);
            }
        }

        private void WaitForWork()
        {
            for (int round = 0; round < BusyRounds; round++)
            {
                if (Volatile.Read(ref _state) == State.Busy)
                {
                    return;
                }

                Thread.SpinWait(PausesInARound);
            }

            lock (_sleep)
            {
                // A caller that sets the state to busy after this waits for the lock before it wakes the thread.
                if (Interlocked.CompareExchange(ref _state, State.Asleep, State.Idle) == State.Idle)
                {
                    while (Volatile.Read(ref _state) == State.Asleep)
                    {
                        Monitor.Wait(_sleep);
                    }
                }
            }
        }

        private static class State
        {
            public const int Idle = 0;
            public const int Busy = 1;
            public const int Asleep = 2;
        }
    }
}
