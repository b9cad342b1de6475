using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Proxyless.Agent.Protocol;
using Proxyless.Export;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Agents;

/// <summary>
/// One agent process through many measurements, with clients that break off and models that are none in between. The
/// long form, which takes about ten minutes, is
/// <code>PROXYLESS_SOAK_MEASUREMENTS=2000 artifacts/bin/Proxyless.Tests/release/Proxyless.Tests -class
/// '*AgentSoakTests'</code>
/// </summary>
[Collection(nameof(WholeRuns))]
public sealed class AgentSoakTests(ITestOutputHelper output)
{
    private const string Variable = "PROXYLESS_SOAK_MEASUREMENTS";
    private const int Usual = 60;
    private const int Cycles = 20;

    // A measurement leaves about 0.3 MB to the collector, which by itself waits for as much as the processor's cache
    // holds; under this limit it comes after 8 MB, whatever the processor.
    private const int HeapMegabytes = 48;

    // After a few hundred measurements a process at rest moves by a few MB about where it stands. Before, code is still
    // compiled and the collector's first rounds are to come. 2 % and 4 MB are 4 kB a measurement in the long form.
    private const int Settled = 200;
    private const double Growth = 1.02;
    private const double RestlessMb = 4;
    private const double FreshMb = 24;

    private static readonly byte[] Model = NetworkExporter.Untrained(SmallSpace.Network(0, 1, 2));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Memory_files_and_threads_of_an_agent_do_not_grow_with_its_measurements()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the agent is for Linux devices");
        int measurements = int.TryParse(
            Environment.GetEnvironmentVariable(Variable),
            CultureInfo.InvariantCulture,
            out int given
        )
            ? given
            : Usual;
        using var agent = new AgentProcess(1000, 1000, HeapMegabytes);
        var readings = new List<Reading>();
        int answered = 0,
            refused = 0,
            brokenOff = 0;
        (GrpcChannel channel, Agent.Protocol.Agent.AgentClient client, Metadata headers) = agent.Connect();
        using (channel)
        {
            for (int i = 0; i < measurements; i++)
            {
                // One client stays, and every fifth measurement is another's.
                if (i % 5 == 0)
                {
                    (GrpcChannel other, Agent.Protocol.Agent.AgentClient visitor, _) = agent.Connect();
                    using (other)
                    {
                        await BreakOffAsync(visitor, headers, withModel: i % 2 == 0);
                        brokenOff++;
                        Assert.Equal(StatusCode.InvalidArgument, await StatusAsync(visitor, headers, Malformed(i)));
                        refused++;
                        Assert.Equal(StatusCode.OK, await StatusAsync(visitor, headers, Model));
                    }
                }
                else
                {
                    Assert.Equal(StatusCode.OK, await StatusAsync(client, headers, Model));
                }

                answered++;
                if ((i + 1) * Cycles / measurements > i * Cycles / measurements)
                {
                    readings.Add(AtRest(agent, answered));
                    output.WriteLine(readings[^1].ToString());
                }
            }
        }

        output.WriteLine($"{answered} measured, {refused} models refused, {brokenOff} clients broke off");
        Reading early = readings[readings.Count / 4];
        Reading last = readings[^1];
        Assert.InRange(
            last.MemoryMb,
            0,
            (early.MemoryMb * Growth) + (early.Measurements >= Settled ? RestlessMb : FreshMb)
        );

        // One a measurement would be dozens. Connections that come and go are a few, and so are the threads that the
        // pool adds while the machine is busy.
        Assert.InRange(last.Files, 0, early.Files + 16);
        Assert.InRange(last.Threads, 0, early.Threads + 16);
        Assert.Empty(Directory.EnumerateFileSystemEntries(agent.TemporaryFiles));
    }

    /// <summary>
    /// The least of several readings once nothing is measured any more: what a collection that is under way holds is
    /// not the agent's.
    /// </summary>
    private static Reading AtRest(AgentProcess agent, int measurements)
    {
        SpinWait.SpinUntil(() =>
            agent.Children.Count == 0 || TestContext.Current.CancellationToken.IsCancellationRequested
        );
        Reading[] readings =
        [
            .. Enumerable
                .Range(0, 20)
                .Select(_ => new Reading(measurements, agent.MemoryMb, agent.OpenFiles, agent.Threads)),
        ];
        return new Reading(
            measurements,
            readings.Min(one => one.MemoryMb),
            readings.Min(one => one.Files),
            readings.Min(one => one.Threads)
        );
    }

    /// <summary>The model with some of its bytes changed such that it is a model no longer.</summary>
    private static byte[] Malformed(int seed)
    {
        byte[] model = [.. Model];
        new Random(seed).NextBytes(model.AsSpan(0, 64));
        return model;
    }

    /// <summary>A client that is gone before its answer: after the header, or once the agent measures.</summary>
    private static async Task BreakOffAsync(Agent.Protocol.Agent.AgentClient client, Metadata headers, bool withModel)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        using AsyncClientStreamingCall<MeasureRequest, Agent.Protocol.Measurement> call = client.Measure(
            headers,
            cancellationToken: gone.Token
        );
        await call.RequestStream.WriteAsync(Header(Model, runs: 100_000), Cancellation);
        if (withModel)
        {
            await call.RequestStream.WriteAsync(
                new MeasureRequest { Piece = ByteString.CopyFrom(Model) },
                Cancellation
            );
            await call.RequestStream.CompleteAsync();
        }

        await gone.CancelAsync();
        RpcException exception = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal(StatusCode.Cancelled, exception.StatusCode);
    }

    private static async Task<StatusCode> StatusAsync(
        Agent.Protocol.Agent.AgentClient client,
        Metadata headers,
        byte[] model
    )
    {
        using AsyncClientStreamingCall<MeasureRequest, Agent.Protocol.Measurement> call = client.Measure(
            headers,
            cancellationToken: Cancellation
        );
        try
        {
            await call.RequestStream.WriteAsync(Header(model, runs: 5), Cancellation);
            await call.RequestStream.WriteAsync(
                new MeasureRequest { Piece = ByteString.CopyFrom(model) },
                Cancellation
            );
            await call.RequestStream.CompleteAsync();
            await call.ResponseAsync;
            return StatusCode.OK;
        }
        catch (RpcException exception)
        {
            return exception.StatusCode;
        }
    }

    private static MeasureRequest Header(byte[] model, int runs) =>
        new()
        {
            Header = new MeasureHeader
            {
                Length = model.Length,
                Sha256 = ByteString.CopyFrom(SHA256.HashData(model)),
                Threads = 1,
                Batch = 1,
                MinRuns = runs,
                MaxRuns = runs,
                MaxSeconds = 1,
            },
        };

    /// <summary>The agent at rest after some measurements.</summary>
    private sealed record Reading(int Measurements, double MemoryMb, int Files, int Threads)
    {
        public override string ToString() =>
            $"{Measurements} measurements: {MemoryMb:F1} MB resident, {Files} open files, {Threads} threads";
    }
}
