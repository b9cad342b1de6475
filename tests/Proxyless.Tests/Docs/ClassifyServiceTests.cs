using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Proxyless.Inference;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Docs;

/// <summary>The service of the tutorial, as a process.</summary>
[Collection(nameof(WholeRuns))]
public sealed partial class ClassifyServiceTests(FinishedRun run) : IClassFixture<FinishedRun>
{
    private static string Program => CommandProcess.Beside("ClassifyService", "ClassifyService");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_answers_as_the_classifier_does_and_refuses_what_is_no_image()
    {
        byte[] photo = TestPictures.Noise(7, 40, 40);
        using var classifier = OnnxClassifier.Load(run.Result.Model);
        IReadOnlyList<ClassProbability> expected = classifier.Classify(photo, "photo", top: 3);
        using Process service = Start("--model", run.Result.Model, "--urls", "http://127.0.0.1:0");
        try
        {
            string address = await AddressOfAsync(service);
            using var client = new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromMinutes(5) };

            using HttpResponseMessage answer = await client.PostAsync(
                new Uri("classify", UriKind.Relative),
                new ByteArrayContent(photo),
                Cancellation
            );
            using var classes = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancellation));
            using HttpResponseMessage refusal = await client.PostAsync(
                new Uri("classify", UriKind.Relative),
                new ByteArrayContent("no image"u8.ToArray()),
                Cancellation
            );

            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(
                expected.Select(one => (one.Class, one.Probability)),
                classes
                    .RootElement.EnumerateArray()
                    .Select(one => (one.GetProperty("class").GetString()!, one.GetProperty("probability").GetDouble()))
            );
            Assert.Equal(HttpStatusCode.BadRequest, refusal.StatusCode);
            Assert.Contains(
                "not a readable",
                await refusal.Content.ReadAsStringAsync(Cancellation),
                StringComparison.Ordinal
            );
        }
        finally
        {
            service.Kill(entireProcessTree: true);
            await service.WaitForExitAsync(Cancellation);
        }
    }

    [Fact]
    public async Task Without_a_model_it_says_how_it_is_used()
    {
        using Process service = Start("--model", "no-such-model.onnx");
        string error = await service.StandardError.ReadToEndAsync(Cancellation);
        await service.WaitForExitAsync(Cancellation);
        Assert.Equal(2, service.ExitCode);
        Assert.StartsWith("usage: ", error, StringComparison.Ordinal);
    }

    private static Process Start(params string[] words) =>
        Process.Start(
            new ProcessStartInfo(Program, words) { RedirectStandardOutput = true, RedirectStandardError = true }
        )!;

    private static async Task<string> AddressOfAsync(Process service)
    {
        while (await service.StandardOutput.ReadLineAsync(Cancellation) is { } line)
        {
            if (AddressPattern().Match(line) is { Success: true } address)
            {
                // What it writes from now on must not fill the pipes.
                _ = service.StandardOutput.BaseStream.CopyToAsync(Stream.Null, Cancellation);
                _ = service.StandardError.BaseStream.CopyToAsync(Stream.Null, Cancellation);
                return address.Value;
            }
        }

        throw new InvalidOperationException(await service.StandardError.ReadToEndAsync(Cancellation));
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex AddressPattern();
}
